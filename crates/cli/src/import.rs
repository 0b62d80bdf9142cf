//! `chainrule import`: a network in safetensors or npz, as a checkpoint.

use std::path::PathBuf;

use chainrule_formats::{npz, safetensors};
use chainrule_losses::LossConfig;
use chainrule_trainer::{Activation, Checkpoint, Mlp, TrainConfig, TrainingRecord};
use clap::{Args, ValueEnum};

use crate::{
    Result, Usage,
    args::{activation, loss},
    output, places,
};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    chainrule import --from npz net.npz --checkpoint net.ckpt\n  \
    chainrule import --from npz other.npz --checkpoint net.ckpt \\\n      \
        --activation relu --loss softmax-cross-entropy")]
pub struct Import {
    /// The file to read
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Its format
    #[arg(long, value_name = "FORMAT")]
    from: From,
    /// The checkpoint to write
    #[arg(long, value_name = "PATH")]
    checkpoint: PathBuf,
    /// For files that chainrule did not write: activation of the hidden layers, one name for all or one for each, and
    /// optionally one more for the outputs
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', value_parser = activation())]
    activation: Vec<Activation>,
    /// For files that chainrule did not write: the loss, which tells what the outputs mean
    #[arg(long, value_name = "NAME", value_parser = loss())]
    loss: Option<LossConfig>,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum From {
    Safetensors,
    Npz,
}

pub(crate) fn run(options: &Import) -> Result<()> {
    places::check_distinct(&[("FILE", options.file.clone()), ("--checkpoint", options.checkpoint.clone())])?;
    let net = network(options)?;
    let (n_parameters, parameters_crc32) = (net.n_parameters(), format!("{:08x}", net.parameters_crc32()));
    let summary = net.summary();
    // How it was trained is not known: the settings are the defaults, and there is no history.
    Checkpoint::new(net, TrainingRecord::new(TrainConfig::new(), Vec::new())).save(&options.checkpoint)?;
    let checkpoint = options.checkpoint.display().to_string();
    if options.json {
        let (checkpoint, crc) = (checkpoint.into(), ("parameters_crc32", parameters_crc32.into()));
        output::event("import", &[("checkpoint", checkpoint), ("n_parameters", n_parameters.into()), crc]);
        return Ok(());
    }
    output::lines(summary);
    output::line(format_args!("wrote {checkpoint}"));
    output::line(format_args!("parameters_crc32 {parameters_crc32}"));
    Ok(())
}

fn network(options: &Import) -> Result<Mlp> {
    let state = match options.from {
        From::Safetensors => safetensors::read(&options.file)?,
        From::Npz => npz::read(&options.file)?,
    };
    let path = options.file.display();
    let in_file = |problem| format!("{path}: {problem}");
    let is_told = options.loss.is_some() || !options.activation.is_empty();
    match (state.config(), &options.loss) {
        (Some(_), _) if is_told => {
            Usage::error(format!("{path} describes its network: leave out --activation and --loss"))
        }
        (Some(_), _) => Ok(state.to_network().map_err(in_file)?),
        (None, None) => Usage::error(format!(
            "{path} does not describe its network: give --loss, and --activation if there are hidden layers"
        )),
        (None, Some(loss)) => Ok(state.to_mlp_as(&options.activation, loss.clone()).map_err(in_file)?),
    }
}
