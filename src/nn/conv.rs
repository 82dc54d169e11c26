use super::compute::{Compute, Operation, Saved, Wanted};
use super::epilogue::{After, scale_last};
use super::{Batch, Builder, Dual, Fans, Image, Layer, Parameter, Pass, unlearned};
use atelier_kernels::bias::bias_gradient;
use atelier_kernels::conv::{self, conv_data_gradient, conv_forward, conv_weight_gradient};
use atelier_kernels::memory::unspecified;
use atelier_kernels::spectral::{Spectral, Spectrum};
use dfdx::prelude::Device;
use dfdx::shapes::{Axis, Const, HasShape};
use dfdx::tensor::{Tape, Tensor};
use dfdx::tensor_ops::{BroadcastTo, GatherTo, PermuteTo, ReshapeTo, SumTo, TryConcatAlong, TryMatMul};
use std::ops::Range;

/// Cross-correlation with "same" padding as TensorFlow pads:
/// `y[r, c, o] = b[o] + Σ x[r·S + i - p, c·S + j - p, k] W[i, j, k, o]`.
///
/// x: (B, H, W, C), W: (K, K, C, CO), b: (CO) if `BIAS`, y: (B, HO, WO, CO) with HO = ⌈H / S⌉, WO = ⌈W / S⌉. The
/// padding before is p = ⌊max((HO - 1)·S + K - H, 0) / 2⌋: a 5×5 kernel of stride 2 on 28 rows pads 1 before and 2
/// after, where PyTorch's `padding = 2` pads 2 and 2.
///
/// ```compile_fail
/// # use atelier::nn::{Builder, Conv, Initialization, Layer};
/// # use atelier::config::architecture::layers::Layer as Words;
/// # use atelier::random::Stream;
/// # use dfdx::prelude::Cpu;
/// # let words = [Words::Flatten];
/// # let mut builder = Builder::new(Cpu::default(), &words, Initialization::GlorotUniform, Stream::new(0, "weights"));
/// type Wrong = Conv<28, 28, 1, 15, 15, 64, 5, 2, true, Cpu>; // stride 2 makes 14 of 28, not 15
/// Wrong::build(&mut builder);
/// ```
///
/// ```
/// # use atelier::nn::{Builder, Conv, Initialization, Layer};
/// # use atelier::config::architecture::layers::Layer as Words;
/// # use atelier::random::Stream;
/// # use dfdx::prelude::Cpu;
/// # let words = [Words::Flatten];
/// # let mut builder = Builder::new(Cpu::default(), &words, Initialization::GlorotUniform, Stream::new(0, "weights"));
/// type Right = Conv<28, 28, 1, 14, 14, 64, 5, 2, true, Cpu>;
/// Right::build(&mut builder);
/// ```
#[derive(Debug)]
pub struct Conv<
    const H: usize,
    const W: usize,
    const C: usize,
    const HO: usize,
    const WO: usize,
    const CO: usize,
    const K: usize,
    const S: usize,
    const BIAS: bool,
    Dev: Compute,
> {
    weight: Parameter<Dev>,
    bias: Option<Parameter<Dev>>,
}

/// Transposed convolution: the data gradient of the [`Conv`] from (HO, WO, CO) to (H, W, C), plus a bias.
///
/// x: (B, H, W, C), W: (K, K, CO, C) as TensorFlow keeps it, b: (CO) if `BIAS`, y: (B, HO, WO, CO) with HO = H·S,
/// WO = W·S.
#[derive(Debug)]
pub struct ConvTranspose<
    const H: usize,
    const W: usize,
    const C: usize,
    const HO: usize,
    const WO: usize,
    const CO: usize,
    const K: usize,
    const S: usize,
    const BIAS: bool,
    Dev: Compute,
> {
    weight: Parameter<Dev>,
    bias: Option<Parameter<Dev>>,
}

/// Both layers differ in which side of one convolution they enter by.
macro_rules! convolution {
    ($name:ident, $forward:expr, $fits:expr, $message:literal, $weight_shape:expr) => {
        impl<
            const H: usize,
            const W: usize,
            const C: usize,
            const HO: usize,
            const WO: usize,
            const CO: usize,
            const K: usize,
            const S: usize,
            const BIAS: bool,
            Dev: Compute,
        > $name<H, W, C, HO, WO, CO, K, S, BIAS, Dev>
        {
            /// The layer, or, given its output, its tangent.
            fn apply<T: Tape<f32, Dev>>(
                &mut self,
                x: Tensor<Image<H, W, C>, f32, Dev, T>,
                output: Option<Tensor<Image<HO, WO, CO>, f32, Dev>>,
                pass: &mut Pass,
            ) -> Tensor<Image<HO, WO, CO>, f32, Dev, T> {
                let batch = x.shape().0;
                let layer = After::layer(pass, HO * WO * CO);
                let after = if output.is_some() { layer.along() } else { layer };
                let operation = Convolution {
                    transposed: !$forward,
                    input: [H, W, C],
                    output: [HO, WO, CO],
                    kernel: K,
                    stride: S,
                    direct: pass.direct,
                    keeps: T::OWNS_TAPE && pass.parameter_gradients,
                    after,
                    spectrum: None,
                };
                let bias = self.bias.as_mut().filter(|_| output.is_none());
                let mut output = output.filter(|_| after.reads_output()).map(unlearned);
                let mut parameters = vec![&mut self.weight];
                parameters.extend(bias);
                parameters.extend(&mut output);
                Dev::apply(operation, x.reshape_like(&(batch, H * W * C)), &mut parameters, pass)
                    .reshape_like(&(batch, Const, Const, Const))
            }
        }

        impl<
            const H: usize,
            const W: usize,
            const C: usize,
            const HO: usize,
            const WO: usize,
            const CO: usize,
            const K: usize,
            const S: usize,
            const BIAS: bool,
            Dev: Compute,
        > Layer<Image<H, W, C>, Dev> for $name<H, W, C, HO, WO, CO, K, S, BIAS, Dev>
        {
            type Output = Image<HO, WO, CO>;

            fn build(builder: &mut Builder<'_, Dev>) -> Self {
                const {
                    if !$fits(H, W, HO, WO, S) {
                        const_panic::concat_panic!(
                            $message,
                            S,
                            ": ",
                            H,
                            "×",
                            W,
                            " does not give ",
                            HO,
                            "×",
                            WO
                        );
                    }
                }
                builder.next_layer();
                let fans = Fans { fan_in: K * K * C, fan_out: K * K * CO };
                let weight = builder.weight(&$weight_shape(K, C, CO), fans);
                Self { weight, bias: BIAS.then(|| builder.vector("bias", CO, 0.0)) }
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
    };
}

const fn shrinks(h: usize, w: usize, ho: usize, wo: usize, s: usize) -> bool {
    ho == h.div_ceil(s) && wo == w.div_ceil(s)
}

const fn grows(h: usize, w: usize, ho: usize, wo: usize, s: usize) -> bool {
    ho == h * s && wo == w * s
}

convolution!(Conv, true, shrinks, "conv of stride ", |k, c, co| [k, k, c, co]);
convolution!(ConvTranspose, false, grows, "conv-transpose of stride ", |k, c, co| [k, k, co, c]);

struct Convolution {
    transposed: bool,
    input: [usize; 3],
    output: [usize; 3],
    kernel: usize,
    stride: usize,
    /// Whether it is computed directly even where frequencies are faster.
    direct: bool,
    /// Whether the gradient of the weights will be asked for.
    keeps: bool,
    after: After,
    /// The frequencies of the input, where they were made and will be asked for again.
    spectrum: Option<Spectrum>,
}

impl Convolution {
    /// The way by frequencies, where it is taken.
    fn spectral(&self, batch: usize) -> Option<Spectral> {
        if self.direct { None } else { Spectral::where_it_pays(&self.geometry(batch)) }
    }

    fn forward_directly(&self, batch: usize, x: &[f32], w: &[f32], last: Option<&[f32]>, y: &mut [f32]) {
        let [inputs, outputs] = [self.input, self.output].map(|shape| shape.iter().product::<usize>());
        for part in self.parts(batch) {
            let geometry = self.geometry(part.len());
            let x = &x[part.start * inputs..part.end * inputs];
            let y = &mut y[part.start * outputs..part.end * outputs];
            if self.transposed {
                conv_data_gradient(&geometry, x, w, y);
            } else {
                conv_forward(&geometry, x, w, y);
            }
            let after = self.after.starting_at(part.start, outputs);
            after.apply(self.last_of(last, &part), self.output[2], y);
        }
    }

    fn backward_directly(&self, batch: usize, saved: Saved<'_>, wanted: Wanted<'_>) -> Option<Vec<f32>> {
        let Saved { x, y, parameters, mut dy } = saved;
        let [inputs, outputs] = [self.input, self.output].map(|shape| shape.iter().product::<usize>());
        let unweighted = batch - wanted.weights.len();
        let mut dx = wanted.x.map(|first| unspecified((batch - first) * inputs));
        for part in self.parts(batch) {
            let x = &x[part.start * inputs..part.end * inputs];
            let dy = &mut dy[part.start * outputs..part.end * outputs];
            let last = self.last_of(parameters.get(1).copied(), &part);
            self.after.backward(last, &y[part.start * outputs..part.end * outputs], dy);
            if let (Some(dx), Some(first)) = (&mut dx, wanted.x)
                && part.end > first
            {
                let from = part.start.max(first);
                let geometry = self.geometry(part.end - from);
                let dy = &dy[(from - part.start) * outputs..];
                let dx = &mut dx[(from - first) * inputs..(part.end - first) * inputs];
                if self.transposed {
                    conv_forward(&geometry, dy, parameters[0], dx);
                } else {
                    conv_data_gradient(&geometry, dy, parameters[0], dx);
                }
            }
            let [dw, others @ ..] = &mut *wanted.parameters else { continue };
            let weights = part.start.max(unweighted)..part.end.max(unweighted);
            scale_last(&wanted.weights[weights.start - unweighted..weights.end - unweighted], outputs, dy);
            let (large, small) = if self.transposed { (&*dy, x) } else { (x, &*dy) };
            conv_weight_gradient(&self.geometry(part.len()), large, small, dw);
            if let [db] = others {
                bias_gradient(dy, db);
            }
        }
        dx
    }

    fn backward_by_frequencies(
        &mut self,
        plan: &Spectral,
        saved: Saved<'_>,
        wanted: Wanted<'_>,
    ) -> Option<Vec<f32>> {
        let Saved { y, parameters, mut dy, .. } = saved;
        self.after.backward(parameters.get(1).copied(), y, &mut dy);
        let (mut dx, mut of_dy) = (None, None);
        if wanted.x.is_some() {
            let mut values = unspecified(
                dy.len() / self.output.iter().product::<usize>() * self.input.iter().product::<usize>(),
            );
            of_dy = Some(match self.transposed {
                true => plan.forward(&dy, parameters[0], &mut values, &|_, _| {}),
                false => plan.data_gradient(&dy, parameters[0], &mut values, &|_, _| {}),
            });
            dx = Some(values);
        }
        let ([dw, others @ ..], Some(of_x)) = (wanted.parameters, self.spectrum.take()) else { return dx };
        let mut of_dy = of_dy.unwrap_or_else(|| match self.transposed {
            true => plan.input_spectrum(&dy),
            false => plan.output_spectrum(&dy),
        });
        of_dy.scale_last(wanted.weights);
        match self.transposed {
            true => plan.weight_gradient(&of_dy, &of_x, dw),
            false => plan.weight_gradient(&of_x, &of_dy, dw),
        }
        if let [db] = others {
            scale_last(wanted.weights, self.output.iter().product(), &mut dy);
            bias_gradient(&dy, db);
        }
        dx
    }

    /// The parameter after the weights for a part of the batch: a bias is the same for all of them.
    fn last_of<'a>(&self, last: Option<&'a [f32]>, part: &Range<usize>) -> Option<&'a [f32]> {
        let outputs = self.output.iter().product::<usize>();
        if self.after.reads_output() {
            last.map(|output| &output[part.start * outputs..part.end * outputs])
        } else {
            last
        }
    }

    /// The batch in parts which are taken through all passes one after the other, so that they stay in the cache. With more weights than a layer
    /// at an image has, preparing them for each part would cost more than this gains.
    fn parts(&self, batch: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        const FEW_WEIGHTS: usize = 1 << 13;
        const EXAMPLES: usize = 64;
        let few = self.kernel * self.kernel * self.input[2] * self.output[2] <= FEW_WEIGHTS;
        let size = if few { EXAMPLES } else { batch };
        (0..batch).step_by(size.max(1)).map(move |start| start..(start + size).min(batch))
    }

    /// The convolution that this is, or that this is the transpose of.
    fn geometry(&self, batch: usize) -> conv::Conv {
        let (from, to) = if self.transposed { (self.output, self.input) } else { (self.input, self.output) };
        conv::Conv {
            batch,
            height: from[0],
            width: from[1],
            in_channels: from[2],
            out_channels: to[2],
            kernel: self.kernel,
            stride: self.stride,
        }
    }
}

impl Operation for Convolution {
    fn features(&self) -> usize {
        self.output.iter().product()
    }

    fn forward(&mut self, batch: usize, x: &[f32], parameters: &[&[f32]], y: &mut [f32]) {
        let (w, last) = (parameters[0], parameters.get(1).copied());
        let Some(plan) = self.spectral(batch) else {
            return self.forward_directly(batch, x, w, last, y);
        };
        let (after, channels) = (self.after, self.output[2]);
        let finish = |first: usize, part: &mut [f32]| after.apply_part(last, channels, first, part);
        let spectrum = match self.transposed {
            true => plan.data_gradient(x, w, y, &finish),
            false => plan.forward(x, w, y, &finish),
        };
        self.spectrum = self.keeps.then_some(spectrum);
    }

    fn backward(&mut self, batch: usize, saved: Saved<'_>, wanted: Wanted<'_>) -> Option<Vec<f32>> {
        match self.spectral(batch) {
            Some(plan) => self.backward_by_frequencies(&plan, saved, wanted),
            None => self.backward_directly(batch, saved, wanted),
        }
    }

    /// Gather and matmul. A convolution gathers each output pixel's patch and multiplies by the weights; a transposed
    /// one multiplies first and gathers, for each output pixel, the products that fall on it. What lies outside the
    /// image is gathered from one pixel of zeros after the last.
    fn composed<Dev: Device<f32>, T: Tape<f32, Dev>>(
        self,
        x: Tensor<Batch, f32, Dev, T>,
        parameters: &mut [&mut Tensor<(usize,), f32, Dev>],
    ) -> Tensor<Batch, f32, Dev, T> {
        let batch = x.shape().0;
        let taps = self.kernel * self.kernel;
        let ([h, w, c], [ho, wo, co]) = (self.input, self.output);
        let weight = parameters[0].clone();
        let y = if self.transposed {
            let weight = weight.reshape_like(&(taps * co, c)).permute::<(usize, usize), _>();
            let products = x.reshape_like(&(batch * h * w, c)).matmul(weight);
            let (index, most) = self.contributions();
            gather_pixels(products.reshape_like(&(batch, h * w * taps, co)), index)
                .reshape_like(&(batch * ho * wo, most, co))
                .sum::<(usize, usize), Axis<1>>()
        } else {
            let patches = gather_pixels(x.reshape_like(&(batch, h * w, c)), self.patches());
            patches.reshape_like(&(batch * ho * wo, taps * c)).matmul(weight.reshape_like(&(taps * c, co)))
        };
        let y = match parameters.get(1) {
            Some(bias) => y + bias.retaped::<T>().broadcast_like::<_, Axis<0>>(&(batch * ho * wo, co)),
            None => y,
        };
        y.reshape_like(&(batch, ho * wo * co))
    }
}

impl Convolution {
    /// For each output pixel and tap of a convolution, the input pixel; the number of pixels stands for padding.
    fn patches(&self) -> Vec<usize> {
        let geometry = self.geometry(1);
        let [h, w, _] = self.input;
        let [ho, wo, _] = self.output;
        let mut index = Vec::with_capacity(ho * wo * self.kernel * self.kernel);
        for r in 0..ho {
            for c in 0..wo {
                for i in 0..self.kernel {
                    for j in 0..self.kernel {
                        let row = (r * self.stride + i).wrapping_sub(geometry.pad_top());
                        let column = (c * self.stride + j).wrapping_sub(geometry.pad_left());
                        index.push(if row < h && column < w { row * w + column } else { h * w });
                    }
                }
            }
        }
        index
    }

    /// For each output pixel of a transposed convolution, the products (input pixel, tap) that fall on it, filled up
    /// with the index of the zeros to the same number for every pixel; and that number.
    fn contributions(&self) -> (Vec<usize>, usize) {
        let geometry = self.geometry(1);
        let [h, w, _] = self.input;
        let [ho, wo, _] = self.output;
        let taps = self.kernel * self.kernel;
        let mut falls_on = vec![Vec::new(); ho * wo];
        for r in 0..h {
            for c in 0..w {
                for i in 0..self.kernel {
                    for j in 0..self.kernel {
                        let row = (r * self.stride + i).wrapping_sub(geometry.pad_top());
                        let column = (c * self.stride + j).wrapping_sub(geometry.pad_left());
                        if row < ho && column < wo {
                            falls_on[row * wo + column].push((r * w + c) * taps + i * self.kernel + j);
                        }
                    }
                }
            }
        }
        let most = falls_on.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let zeros = h * w * taps;
        let index = falls_on.into_iter().flat_map(|mut pixels| {
            pixels.resize(most, zeros);
            pixels
        });
        (index.collect(), most)
    }
}

/// (B, P, C) -> (B, N, C): pixel `index[n]` of every image, where index P is a pixel of zeros.
pub(super) fn gather_pixels<Dev: Device<f32>, T: Tape<f32, Dev>>(
    x: Tensor<(usize, usize, usize), f32, Dev, T>,
    index: Vec<usize>,
) -> Tensor<(usize, usize, usize), f32, Dev, T> {
    let (batch, _, channels) = *x.shape();
    let device = x.device().clone();
    let zeros: Tensor<(usize, usize, usize), f32, Dev> = device.zeros_like(&(batch, 1, channels));
    let padded = (x, zeros).concat_along(Axis::<1>);
    let count = index.len();
    let index = device.tensor_from_vec(index.repeat(batch), (batch, count));
    padded.gather(index)
}
