#!/bin/bash
# The completions in their shells, and the man pages. SPDX-License-Identifier: MIT
. "$(dirname "$0")/lib.sh"
export PATH=$BIN:$PATH

claw completion
expect_rc 64
for shell in bash zsh fish; do
    claw completion $shell
    expect_rc 0
    expect_no_err
    cp "$OUT" "$SCRATCH/completion.$shell"
done

# bash: what it offers after these words, on one line; FILES at its end when files are.
in_bash() {
    bash --norc -c '
        . "$1"; shift
        compopt() { FILES=1; }
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*"
        _openclaw; echo "${COMPREPLY[*]}${FILES:+ FILES}"' _ "$SCRATCH/completion.bash" "$@"
}
[ "$(in_bash openclaw al)" = alert ] || fail "bash: al gives $(in_bash openclaw al)"
in_bash openclaw alert '' | grep -qw silence || fail "bash: no silence below alert"
in_bash openclaw --config x alert '' | grep -qw silence || fail "bash: a global option hides the command"
[ "$(in_bash openclaw alert list --severity cr)" = critical ] || fail "bash: no value of --severity"
in_bash openclaw alert silence -- | grep -qw -- --for || fail "bash: no option of alert silence"
in_bash openclaw alert silence -- | grep -qw -- --json || fail "bash: no option of every command"
[ "$(in_bash openclaw completion z)" = zsh ] || fail "bash: no word after completion"
[ "$(in_bash openclaw governance review x req)" = request_changes ] || fail "bash: no usual word of a text"
[ -z "$(in_bash openclaw governance propose --params '')" ] || fail "bash: json as a word"
[ -z "$(in_bash openclaw alert list --rule '')" ] || fail "bash: words where a text is wanted"

# What a text means is no word of it: these want files.
WANT_FILES=('policy apply' 'policy diff' 'policy test' 'policy apply --test' 'plugin install --key')
for words in "${WANT_FILES[@]}"; do
    [ "$(in_bash openclaw $words '')" = ' FILES' ] || fail "bash: $words gives $(in_bash openclaw $words '')"
done
in_bash openclaw plugin install '' | grep -qw FILES || fail "bash: no files for plugin install"

if command -v zsh >/dev/null; then
    zsh -f -c '
        autoload -Uz compinit && compinit -u -d "$2/zcompdump" && . "$1" && [[ $_comps[openclaw] == _openclaw ]]' \
        _ "$SCRATCH/completion.zsh" "$SCRATCH" >"$OUT" 2>"$ERR" || fail "zsh does not take it"
    expect_no_err
    # As a function of fpath, with what completion calls replaced by a record of it.
    mkdir "$SCRATCH/functions" && cp "$SCRATCH/completion.zsh" "$SCRATCH/functions/_openclaw"
    zsh -f -c '
        fpath=("$1" $fpath); autoload -Uz _openclaw
        _describe() { print -l -- ${(P)2}; }; compadd() { print -l -- "${@:#--}"; }; _message() { :; }; _files() { :; }
        words=(openclaw alert list --severity ""); CURRENT=5; PREFIX=; _openclaw
        words=(openclaw alert ""); CURRENT=3; _openclaw' _ "$SCRATCH/functions" >"$OUT" 2>"$ERR" || fail "zsh fails"
    expect_no_err
    expect_out critical
    expect_out 'silence:'
    for words in "${WANT_FILES[@]}"; do
        zsh -f -c '
            fpath=("$1" $fpath); autoload -Uz _openclaw
            _describe() { :; }; compadd() { print -l -- "${@:#--}"; }; _message() { :; }; _files() { print FILES; }
            words=(openclaw ${=2} ""); CURRENT=$#words; PREFIX=; _openclaw' _ "$SCRATCH/functions" "$words" >"$OUT" 2>"$ERR"
        expect_no_err
        [ "$(cat "$OUT")" = FILES ] || fail "zsh: $words gives $(cat "$OUT")"
    done
fi

if command -v fish >/dev/null; then
    in_fish() { fish --no-config -c "source $SCRATCH/completion.fish; complete -C '$1'" 2>"$ERR" | cut -f1 | tr '\n' ' '; }
    in_fish 'openclaw alert ' | grep -qw silence || fail "fish: no silence below alert: $(in_fish 'openclaw alert ')"
    in_fish 'openclaw alert list --severity ' | grep -qw critical || fail "fish: no value of --severity"
    in_fish 'openclaw --config x alert ' | grep -qw silence || fail "fish: a global option hides the command"
    for words in "${WANT_FILES[@]}"; do
        offered=" $(cd "$SCRATCH/functions" && in_fish "openclaw $words ")"
        [ "$offered" = ' _openclaw ' ] || fail "fish: $words gives $offered"
    done
    in_fish 'openclaw alert silence --f' | grep -qw -- --for || fail "fish: no option of alert silence"
    expect_no_err
fi

claw man "$SCRATCH/man"
expect_rc 0
expect_no_out
[ -s "$SCRATCH/man/openclaw.1" ] && [ -s "$SCRATCH/man/openclaw-alert.1" ] || fail "pages are missing"
if command -v mandoc >/dev/null; then
    for page in "$SCRATCH"/man/*.1 "$OC_SOURCE_DIR"/docs/man/*.8; do
        mandoc -Tlint -Wall "$page" 2>/dev/null | grep -v 'referenced manual not found' >"$OUT"
        expect_no_out
        mandoc -Tutf8 "$page" >/dev/null || fail "$page cannot be shown"
    done
fi
exit 0
