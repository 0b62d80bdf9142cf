//! Every number that the five tutorials' text names, as the tutorial's example has to print it.
//!
//! Each example's tests take their list from here. Where the tutorial has a sample per row and its example prints columns,
//! or the other way round, the numbers are the same.

/// The numbers of the example of this name.
fn of(example: &str) -> &'static [&'static str] {
    match example {
        "t1_xor" => &[
            "program 1: [2, 2, 1]",
            "3 inputs, 3 hidden units, 1 output",
            "program 3: [2, 4, 1]",
            "of 6 seeds",
            "right side of 0.5",
            "below 0.01",
        ],
        "t1_gradient_verification" => &["[2, 2, 1]", "ε = 1e-5", "layer 1, position (0, 2)", "-2.0000"],
        "t2_gradient_descent" => &[
            // Two answers, and what two losses say of them.
            "[0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0]",
            "[0.1, 0.05, 0.1, 0.0, 0.05, 0.1, 0.0, 0.6, 0.0, 0.0]",
            "0.0975",
            "0.5975",
            "1e-7",
            "0.510825457099338",
            "2.302584092994546",
            "0.518",
            // Gradient descent.
            "h = 1e-4",
            "[-3.0, 4.0], 100 steps",
            "(-6.11110793e-10, 8.14814391e-10)",
            "(-0.39785867, 0.53047822)",
            "rate    10",
            "rate 1e-10",
        ],
        "t2_two_layer_net" => &[
            "784-50-10",
            "0.01·N(0, 1)",
            "39760 parameters",
            "batches of 100 from 60000 images",
            "rate 0.1",
            "600 steps",
            "79–80 %",
            "91.5 %",
            "93.5 %",
            "94.5–94.6 %",
            "rate 0.5",
            "97 %",
        ],
        "t3_by_hand" => &[
            "x = [1.0, 2.0, 3.0]",
            "target = [0.5, 0.1]",
            "w1 = [[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]]",
            "b1 = [0.5, 0.5]",
            "w2 = [[0.7, 0.9], [0.8, 0.1]]",
            "b2 = [0.3, 0.3]",
            "[2.7, 3.3]",
            "[0.9370266439, 0.9644288107]",
            "[0.8610339864, 0.7587912922]",
            "0.2821757530436",
            "0.36103399",
            "0.11965446",
            "[[0.0404789203, 0.0416626755], [0.1129835225, 0.1162875836]]",
            "[0.0431993269, 0.1205766380]",
            "0.16377596494",
            "[0.1267008393, 0.0509370580]",
            "[0.05900771, 0.03430588]",
            "[0.0074763267, 0.0017474406]",
            "[[0.0074763267, 0.0149526534, 0.0224289801], [0.0017474406, 0.0034948812, 0.0052423218]]",
            "0.00922376728",
        ],
        // On any table.
        "t4_admissions" => &[
            "6 inputs, 2 hidden units, 1 output, yes above 0.5",
            "360 to train on, 40 to test",
            "rate 0.005, 900 epochs",
            "epoch   0: loss",
            "epoch  90: loss",
            "epoch 810: loss",
        ],
        // On the tutorial's own table.
        "t4_admissions on the real table" => &[
            "400 records",
            "epoch   0: loss 0.268560 (as the tutorial computes it: 0.251357)",
            "epoch 810: loss 0.254414 (as the tutorial computes it: 0.240401)",
            "test accuracy 0.725",
            "0.65",
        ],
        "t5_affine" => &[
            "x = [[1, 2]], W = [[1, 3, 5], [2, 4, 6]], b = [1, 1, 1]: y = [[6, 12, 18]]",
            "x = [[1, 2], [3, 4]], dy = [[1, 1, 1], [2, 2, 2]]",
            "dx = [[9, 12], [18, 24]], dW = [[7, 7, 7], [10, 10, 10]], db = [3, 3, 3]",
            "w2 = [[1, 4], [2, 5], [3, 6]], b1 = [1, 2, 3], b2 = [1, 2]",
            "y1 = [[6, 13, 20]], y2 = [[93, 211]]",
            "dx = [[937, 1241, 1545]], dW = [[558, 1266], [1209, 2743], [1860, 4220]], db = [93, 211]",
            "dx = [[12385, 16108]], dW = [[937, 1241, 1545], [1874, 2482, 3090]], db = [937, 1241, 1545]",
        ],
        _ => panic!("{example} is no example of a tutorial"),
    }
}

/// Panics unless `printed` has all numbers of the example.
#[track_caller]
pub(crate) fn assert_printed(printed: &str, example: &str) {
    for number in of(example) {
        assert!(printed.contains(number), "{example} does not print {number}:\n{printed}");
    }
}
