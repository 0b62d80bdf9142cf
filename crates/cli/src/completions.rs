//! `chainrule completions`: a script that makes a shell complete commands and options.

use std::io;

use clap::Args;
use clap_complete::Shell;

use crate::{Result, call, output};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    chainrule completions bash > ~/.chainrule.bash      then source it in ~/.bashrc\n  \
    chainrule completions zsh > ~/.chainrule.zsh        then source it in ~/.zshrc\n  \
    chainrule completions fish > ~/.config/fish/conf.d/chainrule.fish")]
pub struct Completions {
    /// The shell to print the script for
    #[arg(value_name = "SHELL")]
    shell: Shell,
    /// Print one JSON object with the script and nothing else
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Completions) -> Result<()> {
    let mut program = call::program().ok_or("only a program can be completed")?.clone();
    let name = call::name().trim_start_matches("cargo ");
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut program, name, &mut script);
    let mut script = String::from_utf8(script).map_err(io::Error::other)?;
    if name != call::name() {
        script.push_str(behind_cargo(options.shell).unwrap_or_default());
    }
    let members = [("shell", options.shell.to_string().into()), ("script", (&*script).into())];
    output::tell(options.json, "completions", &members, script.trim_end());
    Ok(())
}

/// In the repository, the scripts are for a program `xtask`: this is the way from `cargo xtask`, which leaves other words behind `cargo` to
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
