//! The settings in which two runs differ, found in their serialised form.

use serde_json::Value;

/// A setting that two runs don't have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// Its path, such as `training.batch_size`.
    pub name: String,
    /// What it is in the first.
    pub found: String,
    /// What it is in the second.
    pub expected: String,
}

/// Every setting in which `found` differs from `expected`, in order.
///
/// # Examples
/// ```
/// use chainrule_trainer::differences;
/// use serde_json::json;
/// let (a, b) = (json!({ "seed": 1, "optimizer": { "adam": { "eps": 0.1 } } }), json!({ "seed": 1, "optimizer": "sgd" }));
/// let all = differences(&a, &b);
/// assert_eq!((all.len(), &*all[0].name, &*all[0].expected), (1, "optimizer", "sgd"));
/// ```
pub fn differences(found: &Value, expected: &Value) -> Vec<Difference> {
    let mut all = Vec::new();
    collect("", found, expected, &mut all);
    all
}

/// A value in words; of a list only its length, which is what differs where its entries are not compared.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => format!("a list of {}", list.len()),
        Value::Null => "none".to_string(),
        other => other.to_string(),
    }
}

fn collect(name: &str, found: &Value, expected: &Value, all: &mut Vec<Difference>) {
    let of = |key: &str| if name.is_empty() { key.to_string() } else { format!("{name}.{key}") };
    match (found, expected) {
        _ if found == expected => {}
        // Choices with settings of their own, such as optimizers, differ as a whole.
        (Value::Object(a), Value::Object(b)) if a.len() != 1 || b.len() != 1 || a.keys().eq(b.keys()) => {
            let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
            for key in keys {
                let value =
                    |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
                collect(&of(key), &value(a), &value(b), all);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                collect(&of(&(i + 1).to_string()), a, b, all);
            }
        }
        _ => {
            all.push(Difference { name: name.to_string(), found: shown(found), expected: shown(expected) });
        }
    }
}
