use super::compute::{Compute, Operation, Saved, Wanted};
use super::epilogue::{After, scale_last};
use super::{Batch, Builder, Dual, Fans, Image, Layer, Parameter, Pass, unlearned};
use atelier_kernels::bias::bias_gradient;
use atelier_kernels::dense::{self, dense_data_gradient, dense_forward, dense_weight_gradient};
use atelier_kernels::memory::unspecified;
use dfdx::prelude::Device;
use dfdx::shapes::{Axis, Const, HasShape};
use dfdx::tensor::{Tape, Tensor};
use dfdx::tensor_ops::{BroadcastTo, ReshapeTo, TryMatMul};

/// A fully connected layer: y = x W + b over all H·W·C features of an example.
///
/// x: (B, H, W, C), W: (H·W·C, O), b: (O) if `BIAS`, y: (B, 1, 1, O).
#[derive(Debug)]
pub struct Dense<
    const H: usize,
    const W: usize,
    const C: usize,
    const O: usize,
    const BIAS: bool,
    Dev: Compute,
> {
    weight: Parameter<Dev>,
    bias: Option<Parameter<Dev>>,
}

impl<const H: usize, const W: usize, const C: usize, const O: usize, const BIAS: bool, Dev: Compute>
    Dense<H, W, C, O, BIAS, Dev>
{
    /// The layer, or, given its output, its tangent.
    fn apply<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<Image<H, W, C>, f32, Dev, T>,
        output: Option<Tensor<Image<1, 1, O>, f32, Dev>>,
        pass: &mut Pass,
    ) -> Tensor<Image<1, 1, O>, f32, Dev, T> {
        let batch = x.shape().0;
        let layer = After::layer(pass, O);
        let after = if output.is_some() { layer.along() } else { layer };
        let operation = DenseOperation { inputs: H * W * C, outputs: O, after };
        let bias = self.bias.as_mut().filter(|_| output.is_none());
        let mut output = output.filter(|_| after.reads_output()).map(unlearned);
        let mut parameters = vec![&mut self.weight];
        parameters.extend(bias);
        parameters.extend(&mut output);
        Dev::apply(operation, x.reshape_like(&(batch, H * W * C)), &mut parameters, pass)
            .reshape_like(&(batch, Const, Const, Const))
    }
}

impl<const H: usize, const W: usize, const C: usize, const O: usize, const BIAS: bool, Dev: Compute>
    Layer<Image<H, W, C>, Dev> for Dense<H, W, C, O, BIAS, Dev>
{
    type Output = Image<1, 1, O>;

    fn build(builder: &mut Builder<'_, Dev>) -> Self {
        builder.next_layer();
        let inputs = H * W * C;
        let weight = builder.weight(&[inputs, O], Fans { fan_in: inputs, fan_out: O });
        Self { weight, bias: BIAS.then(|| builder.vector("bias", O, 0.0)) }
    }

    fn forward<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<Image<H, W, C>, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Tensor<Self::Output, f32, Dev, T> {
        self.apply(x, None, pass)
    }

    fn tangent<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<Image<H, W, C>, f32, Dev, T>,
        v: Tensor<Image<H, W, C>, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Dual<Self::Output, Dev, T> {
        let mut twin = pass.twin();
        let y = self.apply(x, None, pass);
        let output = y.retaped();
        let along = self.apply(v, Some(output), &mut twin);
        pass.rejoin(twin);
        (y, along)
    }

    fn visit(&mut self, visitor: &mut dyn FnMut(&mut Parameter<Dev>)) {
        visitor(&mut self.weight);
        self.bias.iter_mut().for_each(visitor);
    }
}

struct DenseOperation {
    inputs: usize,
    outputs: usize,
    after: After,
}

impl DenseOperation {
    fn sizes(&self, batch: usize) -> dense::Dense {
        dense::Dense { batch, inputs: self.inputs, outputs: self.outputs }
    }
}

impl Operation for DenseOperation {
    fn features(&self) -> usize {
        self.outputs
    }

    fn forward(&mut self, batch: usize, x: &[f32], parameters: &[&[f32]], y: &mut [f32]) {
        dense_forward(&self.sizes(batch), x, parameters[0], y);
        self.after.apply(parameters.get(1).copied(), self.outputs, y);
    }

    fn backward(&mut self, batch: usize, saved: Saved<'_>, wanted: Wanted<'_>) -> Option<Vec<f32>> {
        let mut dy = saved.dy;
        self.after.backward(saved.parameters.get(1).copied(), saved.y, &mut dy);
        let dx = wanted.x.map(|first| {
            let mut dx = unspecified((batch - first) * self.inputs);
            let dy = &dy[first * self.outputs..];
            dense_data_gradient(&self.sizes(batch - first), dy, saved.parameters[0], &mut dx);
            dx
        });
        let mut gradients = wanted.parameters.iter_mut();
        if let Some(dw) = gradients.next() {
            scale_last(wanted.weights, self.outputs, &mut dy);
            dense_weight_gradient(&self.sizes(batch), saved.x, &dy, dw);
        }
        if let Some(db) = gradients.next() {
            bias_gradient(&dy, db);
        }
        dx
    }

    fn composed<Dev: Device<f32>, T: Tape<f32, Dev>>(
        self,
        x: Tensor<Batch, f32, Dev, T>,
        parameters: &mut [&mut Tensor<(usize,), f32, Dev>],
    ) -> Tensor<Batch, f32, Dev, T> {
        let batch = x.shape().0;
        let weight = parameters[0].clone().reshape_like(&(self.inputs, self.outputs));
        let y = x.matmul(weight);
        match parameters.get(1) {
            Some(bias) => y + bias.retaped::<T>().broadcast_like::<_, Axis<0>>(&(batch, self.outputs)),
            None => y,
        }
    }
}
