#compdef edge edge-qwen
# Completion of edge for zsh. In ~/.zshrc, after compinit: eval "$(edge completion zsh)"
_edge() {
    local line value tab=$'\t'
    local -a found
    for line in ${(f)"$(_EDGE_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=get-args \
        _TYPER_COMPLETE_ARGS="${(j: :)words[1,CURRENT]}" $words[1] 2>/dev/null)"}; do
        value=${line%%$tab*}
        found+=("${value//:/\\:}${${line#$value}/$tab/:}")
    done
    if (( $#found )); then
        _describe -V edge found
    else
        _files
    fi
}
compdef _edge edge edge-qwen
