# Completion of edge for fish. To keep it:
# edge completion fish > ~/.config/fish/completions/edge.fish
function __edge_complete
    set -lx _EDGE_COMPLETE complete_fish
    set -lx _TYPER_COMPLETE_FISH_ACTION get-args
    set -lx _TYPER_COMPLETE_ARGS (commandline -cp)
    set -l found (edge 2>/dev/null | string match -r '.+')
    if set -q found[1]
        string join \n -- $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete --command edge --no-files --keep-order --arguments "(__edge_complete)"
complete --command edge-qwen --wraps edge
