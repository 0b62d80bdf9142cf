//! `cargo xtask completions`: what a shell has to know to complete commands and options.

use std::io;

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use serde_json::json;

use crate::{Result, args::Arguments, output};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    cargo xtask completions bash > ~/.xtask.bash      and source it in ~/.bashrc\n  \
    cargo xtask completions zsh > ~/.xtask.zsh        and source it in ~/.zshrc\n  \
    cargo xtask completions fish > ~/.config/fish/conf.d/xtask.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
    /// Print one JSON object with the script and nothing else
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Completions) -> Result<()> {
    let mut command = Arguments::command().bin_name("xtask");
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut command, "xtask", &mut script);
    let mut script = String::from_utf8(script).map_err(io::Error::other)?;
    script.push_str(behind_cargo(options.shell).unwrap_or_default());
    match options.json {
        true => output::json(
            &json!({"event": "completions", "shell": options.shell.to_string(), "script": script}),
        ),
        false => output::line(script.trim_end()),
    }
    Ok(())
}

/// The scripts are for a program `xtask`: this is the way from `cargo xtask`, which leaves other words behind `cargo` to
/// cargo's own script.
fn behind_cargo(shell: Shell) -> Option<&'static str> {
    match shell {
        Shell::Bash => Some(BASH),
        Shell::Zsh => Some(ZSH),
        Shell::Fish => Some(FISH),
        _ => None,
    }
}

const BASH: &str = r#"
_cargo_xtask() {
    if [[ ${COMP_WORDS[1]} == xtask && $COMP_CWORD -gt 1 ]]; then
        COMP_WORDS=("${COMP_WORDS[@]:1}")
        COMP_CWORD=$((COMP_CWORD - 1))
        _xtask xtask "$2" "$3"
    elif declare -F _cargo >/dev/null; then
        _cargo "$@"
    fi
}
complete -F _cargo_xtask -o nosort -o bashdefault -o default cargo
"#;

const ZSH: &str = r#"
_cargo_xtask() {
    if [[ $words[2] == xtask ]] && (( CURRENT > 2 )); then
        shift words
        (( CURRENT-- ))
        _xtask
    else
        (( $+functions[_cargo] )) || autoload -Uz _cargo
        _cargo
    fi
}
compdef _cargo_xtask cargo
"#;

const FISH: &str = r#"
function __cargo_xtask
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    complete --do-complete (string join ' ' -- xtask (string escape -- $words[3..]) (commandline --current-token --cut-at-cursor))
end
complete --command cargo --no-files --condition '__fish_seen_subcommand_from xtask' --arguments '(__cargo_xtask)'
"#;
