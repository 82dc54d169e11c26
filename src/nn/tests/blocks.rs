//! Layers that reach over pixels, pieces, features or branches, and those that read labels.

use super::checks::{check_example_weights, check_only_what_is_wanted};
use super::*;
use std::rc::Rc;

fn maxout(units: usize, pieces: usize) -> Words {
    Words::Maxout(words::Maxout { units, pieces })
}

fn residual(layers: Vec<Words>, shortcut: Vec<Words>) -> Words {
    Words::Residual(words::Residual { layers, shortcut })
}

fn check_all<const H: usize, const W: usize, const C: usize, L: Layer<Image<H, W, C>, Cpu>>(
    make: &dyn Fn() -> L,
    pass: &Pass,
) {
    for mode in [Mode::Train, Mode::Evaluate] {
        let pass = pass.clone().in_mode(mode);
        check_slopes(make, &pass);
        check_composition(make, &pass);
        check_tangent(make, &pass);
    }
    check_only_what_is_wanted(make, pass);
}

fn output<X: Shape, L: Layer<X, Cpu>>(list: &[Words], x: Tensor<X, f32, Cpu>) -> Vec<f32> {
    build::<X, L>(list).forward(x, &mut Pass::evaluate()).as_vec()
}

#[test]
fn pools_do_what_they_say() {
    // Two rows of four pixels of two channels.
    let values = [1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7, 9, -9].map(|value| value as f32);
    let x: Tensor<Image<2, 4, 2>, f32, Cpu> =
        Cpu::default().tensor_from_vec(values.to_vec(), (1, Const, Const, Const));
    let average = output::<_, AveragePool<2, 4, 2, 1, 2>>(&[Words::AveragePool], x.clone());
    assert_eq!(average, [3.5, -3.5, 5.75, -5.75]);
    let largest = output::<_, MaxPool<2, 4, 2, 1, 2>>(&[Words::MaxPool], x.clone());
    assert_eq!(largest, [6.0, -1.0, 9.0, -3.0]);
    assert_eq!(output::<_, SumPool<2, 4, 2>>(&[Words::SumPool], x.clone()), [37.0, -37.0]);
    let larger = output::<_, Upsample<2, 4, 2, 4, 8>>(&[Words::Upsample], x);
    for (index, value) in larger.iter().enumerate() {
        let (row, column, channel) = (index / 16, index / 2 % 8, index % 2);
        assert_eq!(*value, values[(row / 2 * 4 + column / 2) * 2 + channel]);
    }
}

/// What is not a number is not lost behind larger ones: the run has to stop.
#[test]
fn max_pool_lets_what_is_not_a_number_through() {
    for place in 0..4 {
        let mut values = vec![1.0; 4];
        values[place] = f32::NAN;
        let x: Tensor<Image<2, 2, 1>, f32, Cpu> =
            Cpu::default().tensor_from_vec(values, (1, Const, Const, Const));
        assert!(output::<_, MaxPool<2, 2, 1, 1, 1>>(&[Words::MaxPool], x)[0].is_nan());
    }
}

#[test]
fn pools_have_their_gradients_and_tangents() {
    type Pools = (
        Conv<6, 4, 2, 6, 4, 3, 3, 1, true, Cpu>,
        (
            AveragePool<6, 4, 3, 3, 2>,
            (
                Upsample<3, 2, 3, 6, 4>,
                (
                    Conv<6, 4, 3, 6, 4, 3, 3, 1, true, Cpu>,
                    (AveragePool<6, 4, 3, 3, 2>, (Tanh, SumPool<3, 2, 3>)),
                ),
            ),
        ),
    );
    let list = [
        Words::Conv(conv(3, 3, 1)),
        Words::AveragePool,
        Words::Upsample,
        Words::Conv(conv(3, 3, 1)),
        Words::AveragePool,
        Words::Tanh,
        Words::SumPool,
    ];
    let make = || build::<Image<6, 4, 2>, Pools>(&list);
    check_all(&make, &Pass::train(3));
    check_example_weights(&make, &Pass::train(3));
    // Before any parameter, so that none moves a winner.
    type Largest =
        (MaxPool<6, 4, 2, 3, 2>, (Dense<3, 2, 2, 4, true, Cpu>, (Tanh, Dense<1, 1, 4, 2, true, Cpu>)));
    let list = [Words::MaxPool, dense(4), Words::Tanh, dense(2)];
    let make = || build::<Image<6, 4, 2>, Largest>(&list);
    check_all(&make, &Pass::train(3));
    check_example_weights(&make, &Pass::train(3));
    // The input's reader is a pool itself, and the pool is followed by what may be computed at once.
    let alone =
        || build::<Image<4, 2, 3>, (MaxPool<4, 2, 3, 2, 1>, LeakyRelu)>(&list_of_leaky(Words::MaxPool));
    check_example_weights(&alone, &Pass::train(3));
    let alone =
        || build::<Image<4, 2, 3>, (Upsample<4, 2, 3, 8, 4>, LeakyRelu)>(&list_of_leaky(Words::Upsample));
    check_example_weights(&alone, &Pass::train(3));
}

fn list_of_leaky(first: Words) -> [Words; 2] {
    [first, Words::LeakyRelu(0.3)]
}

/// What follows a linear layer element by element is done with it, in its tangent as well: before pools, sums of branches and pieces, too.
#[test]
fn fused_layers_have_the_tangents_of_single_ones() {
    type Branches = Residual<
        (Conv<4, 6, 3, 4, 6, 3, 3, 1, true, Cpu>, (LeakyRelu, Conv<4, 6, 3, 4, 6, 3, 3, 1, true, Cpu>)),
        Conv<4, 6, 3, 4, 6, 3, 1, 1, true, Cpu>,
    >;
    type Fused = (
        Conv<4, 6, 2, 4, 6, 3, 3, 1, true, Cpu>,
        (
            LeakyRelu,
            (
                Dropout,
                (
                    Branches,
                    (
                        Relu,
                        (
                            ConvTranspose<4, 6, 3, 8, 12, 2, 3, 2, true, Cpu>,
                            (
                                Dropout,
                                (
                                    AveragePool<8, 12, 2, 4, 6>,
                                    (
                                        Dense<4, 6, 2, 12, true, Cpu>,
                                        (LeakyRelu, (Dropout, (Dropout, Dense<1, 1, 12, 2, true, Cpu>))),
                                    ),
                                ),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    );
    let leaky = || Words::LeakyRelu(0.3);
    let up = words::ConvTranspose { channels: 2, kernel: 3, stride: 2, bias: true };
    let list = [
        Words::Conv(conv(3, 3, 1)),
        leaky(),
        Words::Dropout(0.4),
        residual(
            vec![Words::Conv(conv(3, 3, 1)), leaky(), Words::Conv(conv(3, 3, 1))],
            vec![Words::Conv(conv(3, 1, 1))],
        ),
        Words::Relu,
        Words::ConvTranspose(up),
        Words::Dropout(0.3),
        Words::AveragePool,
        dense(12),
        leaky(),
        Words::Dropout(0.2),
        Words::Dropout(0.1),
        dense(2),
    ];
    let (x, v) = (images::<4, 6, 2>(1), images::<4, 6, 2>(2));
    let run = |pass: Pass, memory: Option<&Memory>| {
        let mut layer = build::<Image<4, 6, 2>, Fused>(&list);
        let mut pass = pass.with_tangent(false);
        if let Some(memory) = memory {
            layer.forward(x.clone(), &mut pass.clone().remembering(memory));
            pass = pass.recalling(memory);
        }
        let (y, along) = layer.tangent(x.leaky_trace(), v.leaky_trace(), &mut pass);
        let values = [y.retaped::<NoneTape>().as_vec(), along.retaped::<NoneTape>().as_vec()];
        let mut gradients = weigh(along).backward();
        let mut parameters = Vec::new();
        // No tangent depends on a bias, which has no gradient therefore.
        layer.visit(&mut |parameter| {
            parameters.extend(Cpu::take_gradient(&mut gradients, &parameter.value).as_vec());
        });
        let [y, along] = values;
        [y, along, gradients.get(&v).as_vec(), parameters]
    };
    for mode in [Mode::Train, Mode::Evaluate] {
        for direct in [false, true] {
            let pass = Pass::train(3).in_mode(mode).with_direct_convolutions(direct);
            let (fused, single) = (run(pass.clone(), None), run(pass.clone().composed(), None));
            // What a pass before remembers is what would be computed, to the last bit.
            assert_eq!(run(pass, Some(&Memory::default())), fused);
            for (what, (a, b)) in
                ["output", "tangent", "direction", "parameters"].iter().zip(fused.iter().zip(&single))
            {
                assert!(distance(a, b) < 1e-5, "{what}: {:e}", distance(a, b));
            }
        }
    }
}

#[test]
fn maxout_has_its_gradients_and_tangent() {
    type Pieces = (
        Maxout<2, 3, 2, 5, 4, 20, Cpu>,
        (Dropout, (LeakyRelu, (Maxout<1, 1, 5, 6, 2, 12, Cpu>, (Tanh, Dense<1, 1, 6, 2, true, Cpu>)))),
    );
    // Dropout of the largest piece is not the largest of dropped pieces.
    let list =
        [maxout(5, 4), Words::Dropout(0.3), Words::LeakyRelu(0.3), maxout(6, 2), Words::Tanh, dense(2)];
    let make = || build::<Image<2, 3, 2>, Pieces>(&list);
    check_all(&make, &Pass::train(3));
    check_example_weights(&make, &Pass::train(3));
}

/// By hand: units 0 and 1 of two pieces each; the weights' columns are the pieces of unit 0, then those of unit 1.
#[test]
fn maxout_takes_the_largest_piece() {
    let mut layer: Maxout<1, 1, 2, 2, 2, 4, Cpu> = build::<Image<1, 1, 2>, _>(&[maxout(2, 2)]);
    let numbers = [vec![1.0, -1.0, 2.0, 0.0, 0.0, 3.0, 1.0, -5.0], vec![0.5, 0.0, -1.0, 2.0]];
    let mut numbers = numbers.iter();
    Layer::<Image<1, 1, 2>, Cpu>::visit(&mut layer, &mut |parameter| parameter.set(numbers.next().unwrap()));
    let x = Cpu::default().tensor_from_vec(vec![1.0, 2.0, -1.0, 0.0], (2, Const, Const, Const));
    let y = layer.forward(x, &mut Pass::train(0)).as_vec();
    // x = (1, 2): pieces 1.5, 5 | 3, -8; x = (-1, 0): pieces -0.5, 1 | -3, 2.
    assert_eq!(y, [5.0, 3.0, 1.0, 2.0]);
}

#[test]
fn layer_norm_has_its_gradients_and_tangent() {
    type Normal = (
        LayerNorm<3, 5, 2, Cpu>,
        (
            Conv<3, 5, 2, 3, 5, 3, 3, 1, true, Cpu>,
            (Tanh, (LayerNorm<3, 5, 3, Cpu>, (LeakyRelu, Dense<3, 5, 3, 4, true, Cpu>))),
        ),
    );
    let list = [
        Words::LayerNorm,
        Words::Conv(conv(3, 3, 1)),
        Words::Tanh,
        Words::LayerNorm,
        Words::LeakyRelu(1.0),
        dense(4),
    ];
    let make = || build::<Image<3, 5, 2>, Normal>(&list);
    check_all(&make, &Pass::train(3));
    check_example_weights(&make, &Pass::train(3));
}

/// Blocks in a row, one inside another: a shortcut of its own, none, and one without parameters; fused layers at every seam.
type Blocks = (
    Residual<
        (
            Conv<4, 6, 2, 4, 6, 3, 3, 1, true, Cpu>,
            (Tanh, (Conv<4, 6, 3, 4, 6, 3, 3, 1, true, Cpu>, AveragePool<4, 6, 3, 2, 3>)),
        ),
        (AveragePool<4, 6, 2, 2, 3>, Conv<2, 3, 2, 2, 3, 3, 1, 1, true, Cpu>),
    >,
    (
        Tanh,
        (
            Residual<
                (
                    Dropout,
                    (
                        Residual<
                            (
                                Upsample<2, 3, 3, 4, 6>,
                                (Conv<4, 6, 3, 4, 6, 3, 3, 1, true, Cpu>, (LeakyRelu, Dropout)),
                            ),
                            Upsample<2, 3, 3, 4, 6>,
                        >,
                        (LeakyRelu, AveragePool<4, 6, 3, 2, 3>),
                    ),
                ),
                Identity,
            >,
            (
                LeakyRelu,
                (
                    Dropout,
                    (
                        Residual<Reshape<2, 3, 3, 1, 1, 18>, Dense<2, 3, 3, 18, true, Cpu>>,
                        (Residual<LeakyRelu, Identity>, Dense<1, 1, 18, 2, true, Cpu>),
                    ),
                ),
            ),
        ),
    ),
);

/// With `slope` 1 all is smooth.
fn blocks(slope: f32) -> Blocks {
    let leaky = || Words::LeakyRelu(slope);
    let block = |kernel| Words::Conv(conv(3, kernel, 1));
    let inner =
        residual(vec![Words::Upsample, block(3), leaky(), Words::Dropout(0.2)], vec![Words::Upsample]);
    let list = [
        residual(
            vec![block(3), Words::Tanh, block(3), Words::AveragePool],
            vec![Words::AveragePool, block(1)],
        ),
        Words::Tanh,
        residual(vec![Words::Dropout(0.3), inner, leaky(), Words::AveragePool], vec![]),
        leaky(),
        Words::Dropout(0.2),
        residual(vec![Words::Flatten], vec![dense(18)]),
        residual(vec![leaky()], vec![]),
        dense(2),
    ];
    build::<Image<4, 6, 2>, _>(&list)
}

#[test]
fn residual_blocks_have_their_gradients_and_tangents() {
    for slope in [1.0, 0.3] {
        let make = || blocks(slope);
        for mode in [Mode::Train, Mode::Evaluate] {
            let pass = Pass::train(3).in_mode(mode);
            check_slopes(&make, &pass);
            check_composition(&make, &pass);
        }
        check_only_what_is_wanted(&make, &Pass::train(3));
        check_example_weights(&make, &Pass::train(3));
    }
    for mode in [Mode::Train, Mode::Evaluate] {
        check_tangent(&|| blocks(1.0), &Pass::train(3).in_mode(mode));
    }
}

/// Where the network's input itself has two readers, each kind of reader gives its part from the wanted example on.
#[test]
fn an_input_with_two_readers_has_the_gradient_of_both() {
    type Square = Dense<1, 1, 4, 4, true, Cpu>;
    fn check<L: Layer<Image<1, 1, 4>, Cpu>>(layers: Vec<Words>, shortcut: Vec<Words>) {
        let list = [residual(layers, shortcut)];
        let make = || build::<Image<1, 1, 4>, L>(&list);
        check_slopes(&make, &Pass::train(3));
        check_example_weights(&make, &Pass::train(3));
        check_tangent(&make, &Pass::train(3));
    }
    check::<Residual<Square, Identity>>(vec![dense(4)], vec![]);
    check::<Residual<Reshape<1, 1, 4, 1, 1, 4>, Identity>>(vec![Words::Flatten], vec![]);
    check::<Residual<Reshape<1, 1, 4, 1, 1, 4>, Square>>(vec![Words::Flatten], vec![dense(4)]);
    check::<Residual<(Tanh, Square), Tanh>>(vec![Words::Tanh, dense(4)], vec![Words::Tanh]);
    check::<Residual<Residual<Square, Identity>, Residual<Identity, Square>>>(
        vec![residual(vec![dense(4)], vec![])],
        vec![residual(vec![], vec![dense(4)])],
    );
}

/// The real layers again with their parameters shared between two networks: y = f(x) + g(x) is the sum of what f and g give alone.
#[test]
fn a_residual_block_is_the_sum_of_its_branches() {
    type Branch = (Dense<1, 1, 4, 3, true, Cpu>, LeakyRelu);
    type Block = (Residual<Branch, Dense<1, 1, 4, 3, true, Cpu>>, (LeakyRelu, Dropout));
    let list = [
        residual(vec![dense(3), Words::LeakyRelu(0.3)], vec![dense(3)]),
        Words::LeakyRelu(0.1),
        Words::Dropout(0.4),
    ];
    let mut block: Block = build::<Image<1, 1, 4>, _>(&list);
    let mut names = Vec::new();
    let mut numbers = Vec::new();
    block.visit(&mut |parameter| {
        names.push(parameter.name.clone());
        numbers.push(parameter.to_vec());
    });
    assert_eq!(names, ["0.layers.0.weight", "0.layers.0.bias", "0.shortcut.0.weight", "0.shortcut.0.bias"]);
    let x = images::<1, 1, 4>(1);
    let mut alone: Branch = build::<Image<1, 1, 4>, _>(&[dense(3), Words::LeakyRelu(0.3)]);
    let mut shortcut: Dense<1, 1, 4, 3, true, Cpu> = build::<Image<1, 1, 4>, _>(&[dense(3)]);
    let mut numbers = numbers.iter();
    alone.visit(&mut |parameter| parameter.set(numbers.next().unwrap()));
    Layer::<Image<1, 1, 4>, Cpu>::visit(&mut shortcut, &mut |parameter| {
        parameter.set(numbers.next().unwrap());
    });
    let mut pass = Pass::evaluate();
    let sum = alone.forward(x.clone(), &mut pass.clone()) + shortcut.forward(x.clone(), &mut pass.clone());
    let expected: Vec<f32> = sum.as_vec().iter().map(|&x| if x > 0.0 { x } else { 0.1 * x }).collect();
    assert!(distance(&block.forward(x, &mut pass).as_vec(), &expected) < 1e-6);
}

#[test]
fn a_block_is_as_independent_as_its_branches() {
    type Mixed = Residual<(Relu, BatchNorm<2, 2, 1, Cpu>), Identity>;
    const { assert!(!<Mixed as Layer<Image<2, 2, 1>, Cpu>>::INDEPENDENT) }
    type Alone = Residual<(Relu, LayerNorm<2, 2, 1, Cpu>), Identity>;
    const { assert!(<Alone as Layer<Image<2, 2, 1>, Cpu>>::INDEPENDENT) }
    let list = [residual(vec![Words::Relu, Words::batch_norm()], vec![]), dense(2)];
    let make = || build::<Image<2, 2, 1>, (Mixed, Dense<2, 2, 1, 2, true, Cpu>)>(&list);
    for mode in [Mode::Train, Mode::Evaluate] {
        check_slopes(&make, &Pass::train(3).in_mode(mode));
        check_composition(&make, &Pass::train(3).in_mode(mode));
    }
}

fn labels() -> Rc<[u32]> {
    Rc::from([2, 0, 2])
}

#[test]
fn layers_that_read_labels_have_their_gradients_and_tangents() {
    type Conditional = (
        Dense<1, 1, 3, 4, true, Cpu>,
        (
            LabelEmbedding<4, 3, 2, 6, Cpu>,
            (
                Tanh,
                (
                    Dense<1, 1, 6, 8, true, Cpu>,
                    (Tanh, (Reshape<1, 1, 8, 2, 2, 2>, LabelProjection<2, 2, 2, 3, Cpu>)),
                ),
            ),
        ),
    );
    let list = [
        dense(4),
        Words::LabelEmbedding(words::LabelEmbedding { classes: 3, width: 2 }),
        Words::Tanh,
        dense(8),
        Words::Tanh,
        Words::Reshape([2, 2, 2]),
        Words::LabelProjection(words::LabelProjection { classes: 3 }),
    ];
    let make = || build::<Image<1, 1, 3>, Conditional>(&list);
    let pass = Pass::train(3).with_labels(&labels());
    check_all(&make, &pass);
    check_example_weights(&make, &pass);
    // As the first reader of the input.
    let first = || {
        build::<Image<1, 1, 3>, (LabelEmbedding<3, 3, 2, 5, Cpu>, Dense<1, 1, 5, 2, true, Cpu>)>(&[
            list[1].clone(),
            dense(2),
        ])
    };
    check_all(&first, &pass);
    check_example_weights(&first, &pass);
    let alone = || build::<Image<2, 1, 2>, LabelProjection<2, 1, 2, 3, Cpu>>(&list[6..]);
    check_all(&alone, &pass);
    check_example_weights(&alone, &pass);
}

/// Each example gets its own class's vector, and an embedding is a dense layer on one-hot vectors.
#[test]
fn an_embedding_is_appended_in_the_batches_order() {
    let list = [Words::LabelEmbedding(words::LabelEmbedding { classes: 3, width: 2 })];
    let mut layer: LabelEmbedding<2, 3, 2, 4, Cpu> = build::<Image<1, 1, 2>, _>(&list);
    Layer::<Image<1, 1, 2>, Cpu>::visit(&mut layer, &mut |parameter| {
        parameter.set(&[10.0, 11.0, 20.0, 21.0, 30.0, 31.0]);
    });
    let x = Cpu::default().tensor_from_vec(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (3, Const, Const, Const));
    let y = layer.forward(x, &mut Pass::train(0).with_labels(&labels())).as_vec();
    assert_eq!(y, [1.0, 2.0, 30.0, 31.0, 3.0, 4.0, 10.0, 11.0, 5.0, 6.0, 30.0, 31.0]);
}

#[test]
#[should_panic(expected = "has labels")]
fn a_pass_without_labels_is_a_programmers_error() {
    let list = [Words::LabelProjection(words::LabelProjection { classes: 3 })];
    let mut layer: LabelProjection<1, 1, 2, 3, Cpu> = build::<Image<1, 1, 2>, _>(&list);
    layer.forward(images::<1, 1, 2>(1), &mut Pass::train(0));
}
