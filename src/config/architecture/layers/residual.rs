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
    fn shapes(&self, branch: &str, layers: &[Layer], input: Shape) -> Result<Vec<Shape>, String> {
        chain::outputs(input, layers).map_err(|(index, reason)| format!("{branch}[{index}]: {reason}"))
    }

    /// Both branches as one of: the type, the parameters.
    fn branch<R>(&self, layers: &[Layer], input: Shape, of: impl Fn(Shape, &[Layer], &[Shape]) -> R) -> R {
        of(input, layers, &chain::outputs(input, layers).unwrap_or_default())
    }
}

impl Kind for Residual {
    fn describe(&self) -> String {
        "residual".into()
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        let ends = self.shapes("layers", &self.layers, input)?.last().copied().unwrap_or(input);
        if self.shortcut.is_empty() {
            return if ends == input {
                Ok(ends)
            } else {
                Err(format!(
                    "its layers make {ends} of {input}, which cannot be added: give it a `shortcut` that makes {ends}, too"
                ))
            };
        }
        let short = self.shapes("shortcut", &self.shortcut, input)?.last().copied().unwrap_or(input);
        if ends == short {
            return Ok(ends);
        }
        Err(format!("its layers end in {ends} and its shortcut in {short}, which cannot be added"))
    }

    fn parameters(&self, input: Shape) -> Parameters {
        self.branch(&self.layers, input, chain::parameters)
            + self.branch(&self.shortcut, input, chain::parameters)
    }

    fn rust_type(&self, input: Shape, _: Shape) -> String {
        let layers = self.branch(&self.layers, input, chain::rust_type);
        let shortcut = self.branch(&self.shortcut, input, chain::rust_type);
        format!("Residual<{layers}, {}>", if shortcut.is_empty() { "Identity" } else { &shortcut })
    }

    fn branches(&self) -> Vec<(&'static str, &[Layer])> {
        let both = [("layers", &*self.layers), ("shortcut", &*self.shortcut)];
        both.into_iter().filter(|(_, layers)| !layers.is_empty()).collect()
    }
}
