//! `chainrule export`: a saved network as safetensors, npz or ONNX.

use std::path::PathBuf;

use chainrule_formats::{Format, npz, onnx, pytorch, safetensors};
use chainrule_layers::LayerConfig;
use chainrule_losses::Outputs;
use clap::{Args, ValueEnum};

use crate::{Result, Usage, history, output, places};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    chainrule export --checkpoint net.ckpt --to npz --output net.npz\n  \
    chainrule export --checkpoint net.ckpt --to onnx --softmax --output net.onnx")]
pub struct Export {
    /// The saved network: a checkpoint, or the folder of a run
    #[arg(long, value_name = "PATH")]
    checkpoint: PathBuf,
    /// The format to write
    #[arg(long, value_name = "FORMAT")]
    to: To,
    /// The file to write
    #[arg(long, value_name = "PATH")]
    output: PathBuf,
    /// With onnx: output probabilities instead of logits (softmax, or sigmoid with binary cross-entropy)
    #[arg(long, visible_alias = "probabilities")]
    softmax: bool,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum To {
    Safetensors,
    Npz,
    Onnx,
}

pub(crate) fn run(options: &Export) -> Result<()> {
    if options.softmax && options.to != To::Onnx {
        return Usage::error("--softmax is for --to onnx: the other formats hold parameters only");
    }
    let (run, output) =
        ([("--checkpoint", options.checkpoint.clone())], [("--output", options.output.clone())]);
    places::check_distinct(&output, &run)?;
    places::check_beside(&output, &run, |_, file| places::is_of_run(file))?;
    let net = history::load(&options.checkpoint)?.1.net;
    let (path, config) = (&options.output, net.config());
    let (format, how) = match options.to {
        To::Safetensors => {
            safetensors::save(&net, path)?;
            (Format::Safetensors, pytorch(config).map(|net| format!("in PyTorch: torch.nn.{net}")))
        }
        To::Npz => {
            npz::save(&net, path)?;
            (Format::Npz, pytorch(config).map(|net| format!("its arrays have PyTorch's names: {net}")))
        }
        To::Onnx => {
            let output = if options.softmax { onnx::Output::Probabilities } else { onnx::Output::Logits };
            onnx::save(&net, path, output)?;
            (Format::Onnx, Some(format!("opset {}; samples are rows", onnx::OPSET)))
        }
    };
    let parameters_crc32 = format!("{:08x}", net.parameters_crc32());
    if options.json {
        let (format, path) = (format.to_string().into(), path.display().to_string().into());
        let crc = ("parameters_crc32", parameters_crc32.into());
        output::event("export", &[("format", format), ("path", path), crc]);
        return Ok(());
    }
    output::line(format_args!("wrote {} as {format}", path.display()));
    how.iter().for_each(output::line);
    let outputs = match (options.softmax, config.loss.outputs()) {
        (true, _) => "probabilities",
        (false, Outputs::Values) => "values",
        (false, _) => "logits",
    };
    output::line(format_args!("inputs as in training, for images pixels / 255; outputs are {outputs}"));
    let is_encoded = matches!(config.layers.first(), Some(LayerConfig::Encoding(_)));
    if is_encoded && options.to != To::Onnx {
        output::line(
            "the encoding of input columns is only in the file's description: other programs have to encode their inputs themselves",
        );
    }
    output::line(format_args!("parameters_crc32 {parameters_crc32}"));
    Ok(())
}
