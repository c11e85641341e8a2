# Completion of edge for bash. In ~/.bashrc: eval "$(edge completion bash)"
_edge() {
    local IFS=$'\n' line=${COMP_LINE:0:COMP_POINT} begun
    COMPREPLY=($(_EDGE_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=get-args \
        _TYPER_COMPLETE_ARGS=$line "$1" 2>/dev/null | cut -f1))
    # A colon ends a word for bash, so what stands before the last one is there already.
    begun=${line##* }
    if [[ $begun == *:* && $COMP_WORDBREAKS == *:* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${begun%"${begun##*:}"}"}")
    fi
}
complete -o default -F _edge edge edge-qwen
