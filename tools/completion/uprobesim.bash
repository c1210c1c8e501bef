# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of uprobesim's command line in bash. The program knows all words: this function asks it
# (`uprobesim complete -- WORDS...`, the last one is completed) and only undoes what bash does to the words.

_uprobesim() {
    # bash has split the line at ":" and "=" too, which probes are full of: join what stands together.
    local line=${COMP_LINE:0:COMP_POINT} word part rest
    local -a words=()
    rest=$line
    for ((part = 0; part <= COMP_CWORD; ++part)); do
        word=${COMP_WORDS[part]}
        if [[ $rest == [[:space:]]* || part -eq 0 ]]; then
            rest=${rest#"${rest%%[![:space:]]*}"}
            words+=("")
        fi
        # The last word may go on to the right of the cursor.
        ((part < COMP_CWORD)) || word=$rest
        words[-1]+=$word
        rest=${rest#"$word"}
    done

    # bash completes inside a quotation as it stands, and elsewhere what follows the last ":" or "=".
    local current=${words[-1]} quote="" before=""
    if [[ $current == [\'\"]* ]]; then
        quote=${current:0:1}
        current=${current:1}
    elif [[ $current == *[:=]* && $COMP_WORDBREAKS == *:* ]]; then
        before=${current%"${current##*[:=]}"}
    fi
    words[-1]=$current
    for ((part = 0; part < ${#words[@]} - 1; ++part)); do
        word=${words[part]}
        [[ $word == \'*\' || $word == \"*\" ]] && words[part]=${word:1:-1}
    done

    local candidate
    COMPREPLY=()
    while IFS= read -r candidate; do
        case $candidate in
            @files | @folders)
                # Of the host: what follows "--option=", the last comma or nothing.
                local given=${current##*=} flag=-f
                [[ $candidate == @folders ]] && flag=-d
                compopt -o filenames 2>/dev/null
                mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen "$flag" -- "$given")
                ;;
            *)
                COMPREPLY+=("${candidate#"$before"}")
                # More may follow a folder, a probe's binary, a list or an option's "=".
                [[ $candidate == *[/:=,] ]] && compopt -o nospace 2>/dev/null
                ;;
        esac
    done < <(command "${words[0]/#\~/$HOME}" complete -- "${words[@]:1}" 2>/dev/null)
}

complete -F _uprobesim uprobesim
