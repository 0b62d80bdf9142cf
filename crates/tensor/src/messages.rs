//! How errors read, in all crates.

/// Gives errors a `Debug` that is the sentence of their `Display`, as `anyhow`'s is: `fn main() -> Result<(), Box<dyn Error>>` and
/// `unwrap` show errors by `Debug`, to people who want to read what is wrong.
///
/// # Examples
/// ```
/// struct NoFile;
/// impl std::fmt::Display for NoFile {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str("there is no file of this name")
///     }
/// }
/// chainrule_tensor::debug_is_display!(NoFile);
/// assert_eq!(format!("{NoFile:?}"), "there is no file of this name");
/// ```
#[macro_export]
macro_rules! debug_is_display {
    ($($error:ty),+) => {$(
        impl ::std::fmt::Debug for $error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self, f)
            }
        }
    )+};
}

/// A message of serde's readers, with words where it has Rust's names of types.
///
/// # Examples
/// ```
/// use chainrule_tensor::in_words;
/// let message = in_words("invalid value: integer `-1`, expected usize at line 1 column 20");
/// assert_eq!(message, "invalid value: integer `-1`, expected a whole number of 0 or more at line 1 column 20");
/// ```
pub fn in_words(message: &str) -> String {
    let message = match message {
        "wanted string or table" => "expected a name, or a table of fields",
        "wanted exactly 1 element, found 0 elements" => "found no choice, expected one",
        "wanted exactly 1 element, more than 1 element" => "found more than one choice, expected one",
        other => other,
    };
    let Some((found, expected)) = message.rsplit_once("expected ") else { return message.to_string() };
    let (expected, place) = expected.split_at(expected.find(" at line ").unwrap_or(expected.len()));
    // TOML's integers of more than 64 bits.
    let (found, comma, too_large) =
        match found.strip_suffix(" as i128, ").or(found.strip_suffix(" as u128, ")) {
            Some(found) => (found, ", ", true),
            None => (found, "", false),
        };
    let expected = match expected {
        "u8" => "a whole number from 0 to 255",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" if too_large => "a whole number from 0 to 18446744073709551615",
        "u64" | "usize" => "a whole number of 0 or more",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "string or map" => "a name, or a table of fields",
        "unit" | "unit variant" => "a name without settings",
        "a map" => "a table of fields",
        rust if ["struct ", "enum ", "newtype ", "internally "].iter().any(|kind| rust.starts_with(kind)) => {
            rust.split_once(" with ").map_or("a table of fields", |(_, elements)| elements)
        }
        other => other,
    };
    format!("{found}{comma}expected {expected}{place}")
}
