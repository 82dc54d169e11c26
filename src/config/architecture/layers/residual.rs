use super::{Kind, Layer, Parameters, Shape, chain};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The sum of two branches that read one input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Residual {
    /// The first branch, in the order of the data flow; 1 to 256 layers.
    #[schemars(length(min = 1, max = 256))]
    pub layers: Vec<Layer>,
    /// The second branch; 1 to 256 layers. Where it is absent, the input itself is added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 256))]
    pub shortcut: Vec<Layer>,
}

impl Residual {
    pub(super) fn branches(&self) -> Vec<(&'static str, &[Layer])> {
        let mut branches = vec![("layers", &*self.layers)];
        if !self.shortcut.is_empty() {
            branches.push(("shortcut", &*self.shortcut));
        }
        branches
    }
}

/// What [`chain`] finds of a branch: its type, its parameters.
fn find<R>(layers: &[Layer], input: Shape, of: impl Fn(Shape, &[Layer], &[Shape]) -> R) -> R {
    of(input, layers, &chain::outputs(input, layers).unwrap_or_default())
}

/// The shape at the end of a branch.
fn end(layers: &[Layer], input: Shape) -> Result<Shape, String> {
    let outputs = chain::outputs(input, layers).map_err(|(at, reason)| format!("{at}: {reason}"))?;
    Ok(outputs.last().copied().unwrap_or(input))
}

impl Kind for Residual {
    fn describe(&self) -> String {
        "residual".into()
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        let ends = end(&self.layers, input)?;
        let short = if self.shortcut.is_empty() { input } else { end(&self.shortcut, input)? };
        match (ends == short, self.shortcut.is_empty()) {
            (true, _) => Ok(ends),
            (false, true) => Err(format!(
                "its layers make {ends} of {input}, which cannot be added: give it a `shortcut` that makes {ends}, too"
            )),
            (false, false) => {
                Err(format!("its layers end in {ends} and its shortcut in {short}, which cannot be added"))
            }
        }
    }

    fn parameters(&self, input: Shape) -> Parameters {
        find(&self.layers, input, chain::parameters) + find(&self.shortcut, input, chain::parameters)
    }

    fn rust_type(&self, input: Shape, _: Shape) -> String {
        let layers = find(&self.layers, input, chain::rust_type);
        let shortcut = find(&self.shortcut, input, chain::rust_type);
        format!("Residual<{layers}, {}>", if shortcut.is_empty() { "Identity" } else { &shortcut })
    }
}
