//! `chainrule report`, and the page at the end of a run.

use std::fs;

use crate::common::{Folder, fails, succeeds};

fn path(folder: &Folder, name: &str) -> String {
    folder.file(name).into_os_string().into_string().expect("temporary folders have UTF-8 names")
}

#[test]
fn a_run_leaves_a_page_and_several_are_compared() {
    let folder = Folder::new();
    let (page, data) = (path(&folder, "out.html"), folder.arg());
    let a = path(&folder, "a.ckpt");
    let train = ["train-mnist", "--data-dir", data, "--quiet", "--epochs"];
    let out =
        succeeds(&[&train[..], &["2", "--hidden", "6,5", "--report", &page, "--checkpoint", &a]].concat());
    assert!(out.contains(&format!("wrote {page}")), "{out}");
    let html = fs::read_to_string(&page).unwrap();
    for part in ["Gradient norms", "Dead units", "Confusion matrix", "Reliability diagram", "unit 6", "b3"] {
        assert!(html.contains(part), "{part}");
    }
    assert!(
        html.contains(&format!("chainrule train-mnist --data-dir {data} --epochs 2 --hidden 6,5</code>"))
    );

    // Logs hold what was measured on the way.
    let logs = path(&folder, "logs");
    succeeds(&[&train[..], &["1", "--log-dir", &logs]].concat());
    let compared = path(&folder, "compared.html");
    let call = ["report", &a, &logs, "--data-dir", data, "--output", &compared];
    assert_eq!(succeeds(&call), format!("wrote {compared}\n"));
    let html = fs::read_to_string(&compared).unwrap();
    assert!(
        html.contains("Runs compared")
            && html.contains("Gradient norms")
            && html.contains("--config run.toml")
    );
    let json = succeeds(&[&call[..], &["--json"]].concat());
    assert_eq!(json, format!("{{\"event\":\"report\",\"runs\":2,\"path\":\"{compared}\"}}\n"));
}

#[test]
fn what_is_no_run_is_one_sentence_and_leaves_no_page() {
    let folder = Folder::new();
    let (page, data) = (path(&folder, "out.html"), folder.arg());
    let error = |code, run: &str| fails(code, &["report", run, "--data-dir", data, "--output", &page]);
    assert!(error(1, &path(&folder, "missing.ckpt")).contains("cannot read the checkpoint"));
    assert!(error(1, data).contains("found no good checkpoint in this folder"));
    assert!(error(2, &page).contains("is one of the runs"));
    let net = path(&folder, "net.ckpt");
    let call = ["train-mnist", "--data-dir", data, "--epochs", "1", "--quiet", "--checkpoint", &net];
    assert!(fails(2, &[&call[..], &["--report", &net]].concat()).contains("name the same file"));
    succeeds(&call);
    let report = ["report", &net, "--data-dir", data, "--output", &page];
    assert!(fails(2, &[&report[..], &[&net]].concat()).contains("net.ckpt is given twice"));
    let named = [&report[..], &["--class-names", "a,b"]].concat();
    assert!(fails(2, &named).contains("--class-names has 2 names, expected 10"));
    let logs = path(&folder, "logs");
    fs::create_dir(&logs).unwrap();
    fs::write(format!("{logs}/scalars.jsonl"), "{\"step\":\"two\"}\n").unwrap();
    assert!(error(1, &logs).contains("scalars.jsonl, line 1: "));
    assert!(!fs::exists(&page).unwrap());
    let nowhere = path(&folder, "missing/out.html");
    let error = fails(1, &["train-mnist", "--data-dir", data, "--report", &nowhere]);
    assert!(error.contains("cannot write the page ") && error.contains("missing/out.html: "), "{error}");
}
