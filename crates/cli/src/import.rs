//! `chainrule import`: a network in safetensors or npz, as a checkpoint.

use std::path::PathBuf;

use chainrule_formats::{Problem, StateDict, npz, safetensors};
use chainrule_layers::LayerConfig;
use chainrule_losses::LossConfig;
use chainrule_trainer::{Activation, Checkpoint, Mlp, TrainConfig, TrainingRecord};
use clap::{Args, ValueEnum};

use crate::{
    Result, Usage,
    args::{Unpacking, activation, loss},
    output, places,
};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    chainrule import --from npz net.npz --checkpoint net.ckpt\n  \
    chainrule import --from npz other.npz --checkpoint net.ckpt \\\n      \
        --activation relu --loss softmax-cross-entropy\n  \
    chainrule import --from npz other.npz --checkpoint net.ckpt --loss softmax-cross-entropy \\\n      \
        --layers 'affine, relu, batch-norm(eps=0.001), dropout(0.5), affine'")]
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
    /// For files that chainrule did not write: all layers in their order, by our names or PyTorch's, where --activation does
    /// not say enough. Settings stand in brackets: batch-norm(eps=0.001), as Keras has it, dropout(0.5), leaky-relu(0.2).
    /// Sizes are those of the file. Modules that are not numbered are named: fc1=affine, relu, fc2=affine
    #[arg(long, value_name = "LAYER,…", conflicts_with = "activation")]
    layers: Option<String>,
    /// For files that chainrule did not write: names of arrays, or of modules, that are left out
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    ignore: Vec<String>,
    /// For files that chainrule did not write: the loss, which tells what the outputs mean
    #[arg(long, value_name = "NAME", value_parser = loss())]
    loss: Option<LossConfig>,
    #[command(flatten)]
    unpacking: Unpacking,
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
    let output = [("--checkpoint", options.checkpoint.clone())];
    places::check_distinct(&output, &[("FILE", options.file.clone())])?;
    let (net, assumed) = network(options)?;
    let (n_parameters, parameters_crc32) = (net.n_parameters(), format!("{:08x}", net.parameters_crc32()));
    let summary = net.summary();
    // How it was trained is not known: the settings are the defaults, and there is no history.
    Checkpoint::new(net, TrainingRecord::new(TrainConfig::new(), Vec::new())).save(&options.checkpoint)?;
    let checkpoint = options.checkpoint.display().to_string();
    if options.json {
        let (checkpoint, crc) = (checkpoint.into(), ("parameters_crc32", parameters_crc32.into()));
        let assumed = ("assumed", assumed.into());
        output::event(
            "import",
            &[("checkpoint", checkpoint), ("n_parameters", n_parameters.into()), crc, assumed],
        );
        return Ok(());
    }
    output::lines(summary);
    assumed.iter().for_each(output::line);
    output::line(format_args!("wrote {checkpoint}"));
    output::line(format_args!("parameters_crc32 {parameters_crc32}"));
    Ok(())
}

/// The network, and what the file does not say of it.
fn network(options: &Import) -> Result<(Mlp, Vec<String>)> {
    let state = match options.from {
        From::Safetensors => safetensors::read(&options.file)?,
        From::Npz => npz::read_up_to(&options.file, options.unpacking.max_unpacked)?,
    };
    let path = options.file.display();
    let in_file = |problem: Problem| {
        let option = match problem {
            Problem::Order { .. } => " with --layers",
            Problem::Activations { .. } => " (--activation, or --layers)",
            Problem::Tensor { .. } => "; --layers names the layers, --ignore leaves arrays out",
            _ => "",
        };
        format!("{path}: {problem}{option}")
    };
    let is_told = options.loss.is_some() || options.layers.is_some() || !options.activation.is_empty();
    if state.config().is_some() {
        return match is_told {
            true => Usage::error(format!(
                "{path} describes its network: leave out --activation and --loss, and --layers"
            )),
            false => {
                let net = state.without(&options.ignore).and_then(|state| state.to_network());
                Ok((net.map_err(in_file)?, Vec::new()))
            }
        };
    }
    let Some(loss) = options.loss.clone() else {
        return Usage::error(format!(
            "{path} does not describe its network: give --loss, and --activation or --layers if there are hidden layers"
        ));
    };
    let state = state.without(&options.ignore).map_err(in_file)?;
    let net = match &options.layers {
        Some(layers) => state.to_network_as(layers, loss),
        None => state.to_mlp_as(&options.activation, loss),
    };
    let net = net.map_err(in_file)?;
    let assumed = assumed(&state, &net, options.layers.as_deref().unwrap_or_default());
    Ok((net, assumed))
}

/// What neither the file nor `layers` says of the network, one sentence each.
fn assumed(state: &StateDict, net: &Mlp, layers: &str) -> Vec<String> {
    let mut assumed = Vec::new();
    let n_lacking =
        net.tensors().count().saturating_sub(state.tensors().iter().filter(|t| t.values.is_some()).count());
    if n_lacking > 0 {
        assumed.push(format!(
            "the file lacks {n_lacking} of the network's tensors: biases are 0, scales 1, as with bias=False and affine=False"
        ));
    }
    let listed = &net.config().layers;
    if listed.iter().any(|layer| matches!(layer, LayerConfig::BatchNorm(_))) && !layers.contains("eps") {
        let example = listed.iter().map(|layer| match layer {
            LayerConfig::BatchNorm(_) => "batch-norm(eps=0.001)",
            other => other.name(),
        });
        assumed.push(format!(
            "batch norm's eps is not in the file, and taken as 1e-5, as PyTorch has it; another, such as Keras': --layers '{}'",
            example.collect::<Vec<_>>().join(",")
        ));
    }
    assumed
}
