//! What holds for any chain of layers, each made anew by a function: with any numbers, so that it holds for what they compute.

use super::*;

/// The gradients of the input and of the parameters against central differences of the output.
pub(super) fn check_slopes<const H: usize, const W: usize, const C: usize, L: Layer<Image<H, W, C>, Cpu>>(
    make: &dyn Fn() -> L,
    pass: &Pass,
) {
    let mut layer = make();
    let x = images::<H, W, C>(1);
    let y = layer.forward(x.leaky_trace(), &mut pass.clone());
    let gradients = weigh(y).backward();
    let (along_x, along_w) = (gradients.get(&x).as_vec(), parameter_gradients(&mut layer, &gradients));

    let h = 1e-3;
    let direction = normal(2, along_x.len());
    let mut at = |by: f32| {
        let moved = shifted(&x, &direction, by);
        f64::from(weigh(layer.forward(moved, &mut pass.clone().frozen())).array())
    };
    let slope = (at(h) - at(-h)) / f64::from(2.0 * h);
    let expected = dot(&along_x, &direction);
    assert!((slope - expected).abs() < 4e-3 * (1.0 + expected.abs()), "input: {slope} and {expected}");

    let direction = normal(4, along_w.len());
    let mut at = |by: f32| {
        shift::<Image<H, W, C>, _>(&mut layer, &direction, by);
        let value = f64::from(weigh(layer.forward(x.clone(), &mut pass.clone().frozen())).array());
        shift::<Image<H, W, C>, _>(&mut layer, &direction, -by);
        value
    };
    let slope = (at(h) - at(-h)) / f64::from(2.0 * h);
    let expected = dot(&along_w, &direction);
    assert!((slope - expected).abs() < 4e-3 * (1.0 + expected.abs()), "parameters: {slope} and {expected}");
}

/// Output, gradients and moved statistics against dfdx's own operations.
pub(super) fn check_composition<
    const H: usize,
    const W: usize,
    const C: usize,
    L: Layer<Image<H, W, C>, Cpu>,
>(
    make: &dyn Fn() -> L,
    pass: &Pass,
) {
    let x = images::<H, W, C>(1);
    let run = |mut pass: Pass| {
        let mut layer = make();
        let y = layer.forward(x.leaky_trace(), &mut pass);
        let values = y.retaped::<NoneTape>().as_vec();
        let gradients = weigh(y).backward();
        let mut statistics = Vec::new();
        layer.visit(&mut |parameter| {
            if !parameter.trainable {
                statistics.extend(parameter.to_vec());
            }
        });
        [values, gradients.get(&x).as_vec(), parameter_gradients(&mut layer, &gradients), statistics]
    };
    let kernels = run(pass.clone());
    let composed = run(pass.clone().composed());
    for (what, (a, b)) in
        ["output", "input", "parameters", "statistics"].iter().zip(kernels.iter().zip(&composed))
    {
        assert!(distance(a, b) < 1e-5, "{what}: {:e}", distance(a, b));
    }
}

/// The tangent against a central difference of the output, and its gradient against a central difference of the tangent.
pub(super) fn check_tangent<const H: usize, const W: usize, const C: usize, L: Layer<Image<H, W, C>, Cpu>>(
    make: &dyn Fn() -> L,
    pass: &Pass,
) {
    let pass = pass.clone().with_tangent(true);
    let (x, v) = (images::<H, W, C>(1), images::<H, W, C>(2));
    let mut layer = make();
    // First order.
    let h = 5e-3;
    let (_, along) = layer.tangent(x.leaky_trace(), v.leaky_trace(), &mut pass.clone());
    let tangent = f64::from(weigh(along.retaped::<NoneTape>()).array());
    let direction = v.as_vec();
    let mut at = |by: f32| {
        let moved = shifted(&x, &direction, by);
        f64::from(weigh(layer.forward(moved, &mut pass.clone().frozen())).array())
    };
    let slope = (at(h) - at(-h)) / f64::from(2.0 * h);
    assert!((slope - tangent).abs() < 2e-3 * (1.0 + tangent.abs()), "first order: {slope} and {tangent}");

    // Second order. The primal's tape joins in, since the tangent depends on the parameters and the input through it, too.
    let (y, along) = layer.tangent(x.leaky_trace(), v.leaky_trace(), &mut pass.clone());
    let nothing: Tensor<Rank0, f32, Cpu, _> = weigh(y) * 0.0;
    let gradients = (weigh(along) + nothing).backward();
    let (at_x, at_v) = (gradients.get(&x).as_vec(), gradients.get(&v).as_vec());
    let gradient = parameter_gradients(&mut layer, &gradients);
    let direction = normal(4, gradient.len());
    let mut at = |by: f32| {
        shift::<Image<H, W, C>, _>(&mut layer, &direction, by);
        let (_, along) = layer.tangent(x.leaky_trace(), v.leaky_trace(), &mut pass.clone().frozen());
        shift::<Image<H, W, C>, _>(&mut layer, &direction, -by);
        f64::from(weigh(along.retaped::<NoneTape>()).array())
    };
    let slope = (at(h) - at(-h)) / f64::from(2.0 * h);
    let expected = dot(&gradient, &direction);
    assert!((slope - expected).abs() < 5e-3 * (1.0 + expected.abs()), "second: {slope} and {expected}");

    for (which, gradient) in [at_x, at_v].into_iter().enumerate() {
        let direction = normal(6, gradient.len());
        let mut at = |by: f32| {
            let [moved_x, moved_v] =
                [(&x, 0), (&v, 1)].map(|(t, i)| shifted(t, &direction, if i == which { by } else { 0.0 }));
            let mut pass = pass.clone().frozen();
            let (_, along) = layer.tangent(moved_x.leaky_trace(), moved_v.leaky_trace(), &mut pass);
            f64::from(weigh(along.retaped::<NoneTape>()).array())
        };
        let slope = (at(h) - at(-h)) / f64::from(2.0 * h);
        let expected = dot(&gradient, &direction);
        let bound = 5e-3 * (1.0 + expected.abs());
        assert!((slope - expected).abs() < bound, "second, input {which}: {slope} and {expected}");
    }
}

/// For layers that treat examples independently: weights of the last examples weigh the parameters' gradients and no others, and the input's
/// gradient may be asked for from any example on.
pub(super) fn check_example_weights<
    const H: usize,
    const W: usize,
    const C: usize,
    L: Layer<Image<H, W, C>, Cpu>,
>(
    make: &dyn Fn() -> L,
    pass: &Pass,
) {
    const { assert!(L::INDEPENDENT) }
    let x = images::<H, W, C>(1);
    let features = H * W * C;
    let run = |mut pass: Pass, seeds: [f32; BATCH]| {
        let mut layer = make();
        let y = layer.forward(x.leaky_trace(), &mut pass);
        let length = y.shape().num_elements() / BATCH;
        let seeds = seeds.iter().flat_map(|&seed| normal(8, length).into_iter().map(move |c| seed * c));
        let seeds: Tensor<(usize,), f32, Cpu> =
            Cpu::default().tensor_from_vec(seeds.collect(), (BATCH * length,));
        let gradients = (y.reshape_like(&(BATCH * length,)) * seeds).sum::<Rank0, _>().backward();
        (
            Cpu::take_flat_gradient(&mut gradients.clone(), &x.clone().reshape_like(&(BATCH, features))),
            parameter_gradients(&mut layer, &gradients),
        )
    };
    let weights = ExampleWeights::default();
    weights.set(vec![-3.0, 0.5]).unwrap();
    let (input, parameters) = run(pass.clone().weighted(&weights), [2.0, 1.0, 1.0]);
    let (plain, _) = run(pass.clone(), [2.0, 1.0, 1.0]);
    let (_, weighted) = run(pass.clone(), [2.0, -3.0, 0.5]);
    assert_eq!(plain.len(), BATCH * features);
    assert!(distance(&input, &plain) < 1e-6 && distance(&parameters, &weighted) < 1e-5);
    for first in 1..BATCH {
        let (part, again) = run(pass.clone().input_gradient_from(first).weighted(&weights), [2.0, 1.0, 1.0]);
        assert_eq!(part.len(), (BATCH - first) * features);
        assert!(distance(&part, &plain[first * features..]) < 1e-6, "from {first} on");
        assert!(distance(&again, &weighted) < 1e-5, "from {first} on");
    }
}

/// A frozen pass gives the gradient of the input only, and data take none.
pub(super) fn check_only_what_is_wanted<
    const H: usize,
    const W: usize,
    const C: usize,
    L: Layer<Image<H, W, C>, Cpu>,
>(
    make: &dyn Fn() -> L,
    pass: &Pass,
) {
    let x = images::<H, W, C>(1);
    let run = |mut pass: Pass| {
        let mut layer = make();
        let gradients = weigh(layer.forward(x.leaky_trace(), &mut pass)).backward();
        (layer, gradients)
    };
    let has = |gradients: &Gradients<f32, Cpu>, of: &Tensor<(usize,), f32, Cpu>| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| gradients.get(of))).is_ok()
    };
    let (mut whole, all) = run(pass.clone());
    let (mut frozen, of_frozen) = run(pass.clone().frozen());
    assert_eq!(of_frozen.get(&x).as_vec(), all.get(&x).as_vec());
    frozen.visit(&mut |parameter| assert!(!has(&of_frozen, &parameter.value), "{}", parameter.name));
    let (mut data, of_data) = run(pass.clone().from_data());
    let flat = x.clone().reshape_like(&(BATCH * H * W * C,));
    assert!(has(&all, &flat) && !has(&of_data, &flat), "data have a gradient");
    let [of_all, of_data] =
        [(&mut whole, all), (&mut data, of_data)].map(|(layer, all)| parameter_gradients(layer, &all));
    assert_eq!(of_all, of_data);
}

/// x + by · direction.
fn shifted<const H: usize, const W: usize, const C: usize>(
    x: &Tensor<Image<H, W, C>, f32, Cpu>,
    direction: &[f32],
    by: f32,
) -> Tensor<Image<H, W, C>, f32, Cpu> {
    let values = x.as_vec().iter().zip(direction).map(|(x, d)| x + by * d).collect();
    x.device().tensor_from_vec(values, *x.shape())
}
