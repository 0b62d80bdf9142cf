//! The number of the arithmetic rises with every change of the bits.

use chainrule_tensor::ARITHMETIC;

use crate::common::{json, succeeds};

const W1: &str = "train-mnist --epochs 1";
const W2: &str = "train-mnist --hidden 800 --activation relu --init he-normal --optimizer momentum --learning-rate 0.05 \
                  --batch-size 128 --epochs 1";
const ALL_OPTIONS: &str = "train-mnist --hidden 128,64 --activation gelu,tanh --batch-norm --dropout 0.1 --optimizer adamw \
                           --weight-decay 0.01 --no-bias-decay --schedule warmup:100+cosine --label-smoothing 0.1 \
                           --clip-norm 1 --ema 0.999 --validation 0.1 --early-stopping 3 --epochs 3 --train-limit 10000 \
                           --batch-size 128";

/// What fails here is another arithmetic: raise its number, and put the new checksums beside it.
#[test]
fn the_bits_of_three_runs_are_those_of_this_arithmetic() {
    for (run, checksum) in [(W1, "fe5f96f5"), (W2, "4d9d4b73"), (ALL_OPTIONS, "e31deea0")] {
        let text = succeeds(&[&run.split_whitespace().collect::<Vec<_>>()[..], &["--json"]].concat());
        let events = json::objects(&text);
        let done = events.last().unwrap();
        assert_eq!(
            (done["arithmetic"].as_u64(), done["parameters_crc32"].as_str()),
            (Some(2), Some(checksum)),
            "{run}"
        );
    }
    assert_eq!(ARITHMETIC, 2);
}
