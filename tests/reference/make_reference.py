"""Makes the reference arrays in this folder with TensorFlow and Keras.

The tests compare the project's layers, optimizers, losses and one whole DCGAN training step with these arrays. TensorFlow is
no dependency of the project: the files are committed, and this script is only run to make them again.

    python3 -m venv venv
    venv/bin/pip install tensorflow-cpu==2.21.0 keras==3.15.1 numpy==2.4.6 safetensors==0.8.0
    venv/bin/python make_reference.py

It was run with exactly these versions and CPython 3.11 on Linux, x86-64. Running it again there gives the same bytes.

Every number that a test feeds in is exact in f32. Everything is computed in f64 and only the result is rounded to f32, so a
reference is good to 6e-8 and what a comparison shows is the error of the code under test. `losses.json` is in f64.

Layouts are TensorFlow's: images (batch, height, width, channels), convolution kernels (height, width, in, out), kernels of
transposed convolutions (height, width, out, in), dense kernels (in, out). Each safetensors file's metadata has one
entry, `reference`: a JSON object with the versions and the parameters of every case.
"""

import json
import os
import pathlib

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from safetensors.numpy import save_file

FOLDER = pathlib.Path(__file__).resolve().parent
VERSIONS = {"tensorflow": tf.__version__, "keras": keras.__version__, "numpy": np.__version__}


# --- Numbers in and out -------------------------------------------------------------------------------------------------------


def rounded(array):
    """The nearest f32 values, held in f64."""
    return np.asarray(array).astype(np.float32).astype(np.float64)


def normal(random, *shape, mean=0.0, std=1.0):
    """Normal numbers that are exact in f32."""
    return rounded(mean + std * random.standard_normal(shape))


def save(name, tensors, **parameters):
    """Writes `name`.safetensors; one metadata entry only, because their order in the file is not fixed."""
    arrays = {key: np.ascontiguousarray(value, dtype=np.float32) for key, value in tensors.items()}
    for key, array in arrays.items():
        assert np.isfinite(array).all(), f"{name}: {key} is not finite"
    save_file(arrays, FOLDER / f"{name}.safetensors", metadata={"reference": json.dumps({"versions": VERSIONS} | parameters)})
    (FOLDER / f"{name}.safetensors").chmod(0o644)  # safetensors makes files that only their owner can read
    print(f"{name}: {len(arrays)} arrays, {sum(array.nbytes for array in arrays.values()):,} bytes")


# --- Convolutions -------------------------------------------------------------------------------------------------------------

# (batch, height, width, in_channels, out_channels, kernel, stride). Height and width are those of the input. Odd and even sizes
# meet every kernel and stride, since "same" padding depends on both; the last three images are no larger than their kernels.
CONVOLUTIONS = [
    (2, 7, 7, 3, 5, 5, 1),
    (2, 8, 6, 1, 2, 5, 2),
    (3, 7, 9, 2, 3, 5, 2),
    (2, 7, 8, 5, 3, 5, 2),
    (1, 6, 5, 3, 2, 4, 2),
    (3, 8, 7, 5, 2, 4, 2),
    (2, 5, 6, 2, 5, 4, 1),
    (3, 9, 7, 5, 1, 3, 2),
    (2, 6, 8, 3, 3, 3, 2),
    (2, 4, 5, 1, 3, 3, 1),
    (2, 5, 4, 3, 2, 1, 1),
    (2, 6, 7, 5, 3, 1, 2),
    (5, 2, 3, 2, 1, 5, 2),
    (1, 1, 3, 3, 2, 4, 1),
    (1, 1, 1, 2, 5, 5, 2),
]


def convolutions(name, layer_class, random):
    """Forward pass and all three gradients of a convolution layer with "same" padding and a bias."""
    tensors, cases = {}, []
    for index, (batch, height, width, in_channels, out_channels, kernel, stride) in enumerate(CONVOLUTIONS):
        layer = layer_class(out_channels, kernel, strides=stride, padding="same")
        layer.build((batch, height, width, in_channels))
        x = normal(random, batch, height, width, in_channels)
        w = normal(random, *layer.kernel.shape)
        bias = normal(random, out_channels)
        layer.set_weights([w, bias])
        x_variable = tf.Variable(x)
        with tf.GradientTape() as tape:
            y = layer(x_variable)
        dy = normal(random, *y.shape)
        # Keras' variables wrap TensorFlow's: the tape knows the latter.
        watched = [x_variable, layer.kernel.value, layer.bias.value]
        dx, dw, db = tape.gradient(y, watched, output_gradients=tf.constant(dy))
        arrays = {"x": x, "w": w, "bias": bias, "dy": dy, "y": y, "dx": dx, "dw": dw, "db": db}
        tensors |= {f"case{index}.{key}": value for key, value in arrays.items()}
        cases.append(
            {
                "batch": batch, "height": height, "width": width, "in_channels": in_channels, "out_channels": out_channels,
                "kernel": kernel, "stride": stride, "out_height": int(y.shape[1]), "out_width": int(y.shape[2]),
            }
        )  # fmt: skip
    save(name, tensors, layer=f"keras.layers.{layer_class.__name__}(padding='same')", cases=cases)


# --- Batch normalization ------------------------------------------------------------------------------------------------------

# (shape, mean of the inputs, standard deviation of the inputs)
BATCH_NORMS = [
    ((6, 5), 0.3, 1.5),
    ((17, 3), -2.0, 0.5),
    ((2, 3, 4, 5), 0.0, 1.0),
    ((3, 7, 5, 2), 1.0, 3.0),
    ((4, 6, 6, 3), 50.0, 2.0),
    ((8, 4), 0.0, 0.01),  # the variance is a tenth of epsilon
]


def batch_norms(random):
    """Keras' BatchNormalization with its defaults (momentum 0.99, epsilon 1e-3), from random parameters and statistics.

    Training passes over x0 and then x1 give y0 and y1, with the moving statistics after each; evaluation of x0 with the statistics
    after both gives y_evaluation. The gradients are those of one training (dx, …) and one evaluation pass
    (dx_evaluation, …) over x0 with the upstream gradient dy; the evaluation again uses the statistics after both.
    """
    tensors, cases = {}, []
    for index, (shape, mean, std) in enumerate(BATCH_NORMS):
        layer = keras.layers.BatchNormalization()
        layer.build(shape)
        channels = shape[-1]
        x = [normal(random, *shape, mean=mean, std=std) for _ in range(2)]
        dy = normal(random, *shape)
        initial = [
            normal(random, channels, mean=1.0, std=0.3),  # gamma
            normal(random, channels, std=0.5),  # beta
            normal(random, channels, std=0.5),  # running mean
            rounded(random.uniform(0.5, 2.0, channels)),  # running variance
        ]
        layer.set_weights(initial)
        arrays = {"x0": x[0], "x1": x[1], "dy": dy}
        arrays |= dict(zip(["gamma", "beta", "running_mean", "running_variance"], initial))

        for step in range(2):
            arrays[f"y{step}"] = layer(x[step], training=True)
            arrays[f"running_mean{step}"] = layer.moving_mean.numpy()
            arrays[f"running_variance{step}"] = layer.moving_variance.numpy()
        for suffix, training in [("_evaluation", False), ("", True)]:  # evaluation first: training moves the statistics
            x_variable = tf.Variable(x[0])
            with tf.GradientTape() as tape:
                y = layer(x_variable, training=training)
            watched = [x_variable, layer.gamma.value, layer.beta.value]
            gradients = tape.gradient(y, watched, output_gradients=tf.constant(dy))
            arrays |= dict(zip([f"dx{suffix}", f"dgamma{suffix}", f"dbeta{suffix}"], gradients))
            if not training:
                arrays["y_evaluation"] = y
        tensors |= {f"case{index}.{key}": value for key, value in arrays.items()}
        cases.append({"shape": shape, "rows": int(np.prod(shape[:-1])), "channels": channels})
    save("batch_norm", tensors, layer="keras.layers.BatchNormalization()", momentum=0.99, epsilon=1e-3, cases=cases)


# --- Optimizers ---------------------------------------------------------------------------------------------------------------


def adam_parameters(learning_rate, beta_1):
    """Keras casts a plain Python float through f32, even for f64 weights, and f32's 0.999 makes 1 - beta_2 wrong by 1e-5."""
    return {"learning_rate": learning_rate, "beta_1": np.float64(beta_1), "beta_2": np.float64(0.999), "epsilon": 1e-7}


# The weights' standard deviation is chosen so that the five steps change them by a good part of their size: beside large weights, a
# comparison of the weights would not see a mistake in the steps.
OPTIMIZERS = [
    ("adam", 1e-3, adam_parameters(1e-4, 0.9), keras.optimizers.Adam),
    ("adam_beta1_half", 1e-3, adam_parameters(2e-4, 0.5), keras.optimizers.Adam),
    ("rmsprop", 1e-3, {"learning_rate": 5e-5, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-7}, keras.optimizers.RMSprop),
    ("rmsprop_momentum", 1e-3, {"learning_rate": 5e-5, "rho": 0.9, "momentum": 0.5, "epsilon": 1e-7}, keras.optimizers.RMSprop),
    ("sgd", 1.0, {"learning_rate": 0.1, "momentum": 0.0}, keras.optimizers.SGD),
    ("sgd_momentum", 1.0, {"learning_rate": 0.1, "momentum": 0.9}, keras.optimizers.SGD),
]
OPTIMIZER_STEPS = 5


def optimizers(random):
    """NAME.w0 are the weights before the first step, NAME.g1 … NAME.g5 the gradients, NAME.w1 … NAME.w5 the weights after."""
    tensors, cases = {}, []
    for name, weight_std, parameters, optimizer_class in OPTIMIZERS:
        size = 37
        # Sizes from 1e-9 to 10, and some zeros: small gradients are where the place of epsilon shows.
        sizes = 10.0 ** random.uniform(-9.0, 1.0, size)
        sizes[::12] = 0.0
        weights = keras.Variable(normal(random, size, std=weight_std))
        optimizer = optimizer_class(**parameters)
        optimizer.build([weights])
        tensors[f"{name}.w0"] = weights.numpy()
        for step in range(1, OPTIMIZER_STEPS + 1):
            gradient = rounded(sizes * random.standard_normal(size))
            optimizer.apply([tf.constant(gradient)], [weights])
            tensors |= {f"{name}.g{step}": gradient, f"{name}.w{step}": weights.numpy()}
        cases.append({"name": name, "optimizer": optimizer_class.__name__, "size": size} | parameters)
    save("optimizers", tensors, steps=OPTIMIZER_STEPS, cases=cases)


# --- Losses -------------------------------------------------------------------------------------------------------------------

LOGITS = [-80.0, -20.0, -5.0, -1.5, -0.25, 0.0, 0.25, 1.5, 5.0, 20.0, 80.0]


def losses():
    """Each loss term and its derivative at single logits, from TensorFlow's cross entropy on logits.

    With D = sigmoid(logit): the discriminator minimises -log D(real) - log(1 - D(fake)), the generator minimises -log D(fake)
    (non-saturating) or log(1 - D(fake)) (minimax).
    """

    def cross_entropy(target):
        labels = tf.fill([len(LOGITS)], tf.constant(target, tf.float64))
        return lambda logits: tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)

    terms = {
        "discriminator_real": cross_entropy(1.0),
        "discriminator_fake": cross_entropy(0.0),
        "generator_non_saturating": cross_entropy(1.0),
        "generator_minimax": lambda logits: -cross_entropy(0.0)(logits),
    }
    document = {"versions": VERSIONS, "logits": LOGITS}
    for name, term in terms.items():
        logits = tf.Variable(LOGITS, dtype=tf.float64)
        with tf.GradientTape() as tape:
            loss = term(logits)
        document[name] = {"loss": loss.numpy().tolist(), "gradient": tape.gradient(loss, logits).numpy().tolist()}
    (FOLDER / "losses.json").write_text(json.dumps(document, indent=1) + "\n")
    print(f"losses: {list(terms)}")


# --- One training step of a DCGAN ---------------------------------------------------------------------------------------------

BATCH, LATENT, WIDTH = 8, 50, 4  # 50 latents in place of the tutorial's 100: the dense layer is most of the file
PARAMETER_NAMES = {"kernel": "weight", "moving_mean": "running_mean", "moving_variance": "running_variance"}


def dcgan(layers=keras.layers):
    """The networks of TensorFlow's DCGAN tutorial, WIDTH in place of 64 channels, without dropout.

    Dropout is left out because its masks could not be compared; a None keeps its place in the numbering of layers. The last
    activation is a layer of its own, so that both lists are numbered as the project's are.
    """
    slope, same = 0.3, {"kernel_size": 5, "padding": "same"}
    generator = [
        layers.Dense(7 * 7 * 4 * WIDTH, use_bias=False), layers.BatchNormalization(), layers.LeakyReLU(slope),
        layers.Reshape((7, 7, 4 * WIDTH)),
        layers.Conv2DTranspose(2 * WIDTH, strides=1, use_bias=False, **same), layers.BatchNormalization(), layers.LeakyReLU(slope),
        layers.Conv2DTranspose(WIDTH, strides=2, use_bias=False, **same), layers.BatchNormalization(), layers.LeakyReLU(slope),
        layers.Conv2DTranspose(1, strides=2, use_bias=False, **same), layers.Activation("tanh"),
    ]  # fmt: skip
    discriminator = [
        layers.Conv2D(WIDTH, strides=2, **same), layers.LeakyReLU(slope), None,
        layers.Conv2D(2 * WIDTH, strides=2, **same), layers.LeakyReLU(slope), None,
        layers.Flatten(), layers.Dense(1),
    ]  # fmt: skip
    return generator, discriminator


def variables(network, layers):
    """Every variable of a network by its name, such as `generator.4.weight`."""
    named = {}
    for position, layer in enumerate(layers):
        for variable in layer.weights if layer else []:
            named[f"{network}.{position}.{PARAMETER_NAMES.get(variable.name, variable.name)}"] = variable
    return named


def randomise(named, random):
    """Keeps Keras' Glorot-uniform weights (rounded to f32) and moves everything that starts as zero or one away from there."""
    for name, variable in named.items():
        match name.rsplit(".", 1)[1]:
            case "weight":
                variable.assign(rounded(variable.numpy()))
            case "gamma":
                variable.assign(normal(random, *variable.shape, mean=1.0, std=0.2))
            case "running_variance":
                variable.assign(rounded(random.uniform(0.5, 2.0, variable.shape)))
            case "bias" | "beta" | "running_mean":
                variable.assign(normal(random, *variable.shape, std=0.1))
            case other:
                raise ValueError(f"unknown kind of variable: {other}")


def dcgan_step(random):
    """The tutorial's train_step: both gradients from one fake batch and the same weights, then one Adam step of each player."""
    generator_layers, discriminator_layers = dcgan()
    generator = keras.Sequential([keras.Input((LATENT,)), *generator_layers])
    discriminator = keras.Sequential([keras.Input((28, 28, 1)), *(layer for layer in discriminator_layers if layer)])
    named = variables("generator", generator_layers) | variables("discriminator", discriminator_layers)
    randomise(named, random)
    latent = normal(random, BATCH, LATENT)
    real = rounded(random.uniform(-1.0, 1.0, (BATCH, 28, 28, 1)))
    tensors = {"latent": latent, "real": real} | {name: variable.numpy() for name, variable in named.items()}

    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    with tf.GradientTape(persistent=True) as tape:
        fake = generator(latent, training=True)
        real_logits = discriminator(real, training=True)
        fake_logits = discriminator(fake, training=True)
        g_loss = cross_entropy(tf.ones_like(fake_logits), fake_logits)
        d_loss = cross_entropy(tf.ones_like(real_logits), real_logits) + cross_entropy(tf.zeros_like(fake_logits), fake_logits)
    tensors |= {"fake": fake, "real_logits": real_logits, "fake_logits": fake_logits, "g_loss": g_loss, "d_loss": d_loss}

    adam = adam_parameters(1e-4, 0.9)
    gradients = {}
    for network, model, loss in [("generator", generator, g_loss), ("discriminator", discriminator, d_loss)]:
        trainable = {name: variable for name, variable in named.items() if name.startswith(network) and variable.trainable}
        assert len(trainable) == len(model.trainable_variables)
        network_gradients = dict(zip(trainable, tape.gradient(loss, [variable.value for variable in trainable.values()])))
        gradients |= {f"gradient.{name}": gradient.numpy() for name, gradient in network_gradients.items()}
        keras.optimizers.Adam(**adam).apply(list(network_gradients.values()), list(trainable.values()))
    for name, gradient in gradients.items():
        assert np.linalg.norm(gradient) > 0.0, f"{name} is zero, so it would test nothing"
    tensors |= gradients | {f"updated.{name}": variable.numpy() for name, variable in named.items()}

    description = [[layer.__class__.__name__ if layer else "Dropout (left out)" for layer in layers] for layers in dcgan()]
    sizes = {"batch": BATCH, "latent_dim": LATENT, "width": WIDTH}
    parameters = sizes | {"leaky_relu": 0.3, "momentum": 0.99, "epsilon": 1e-3, "adam": adam}
    save("dcgan_step", tensors, **parameters, generator=description[0], discriminator=description[1])


def main():
    # One thread each: the order of a sum, and with it the last bit, must not depend on the machine's load.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.config.set_floatx("float64")
    keras.utils.set_random_seed(1)  # for Keras' Glorot-uniform weights; all else is drawn from the generators below
    convolutions("conv2d", keras.layers.Conv2D, np.random.default_rng(1))
    convolutions("conv2d_transpose", keras.layers.Conv2DTranspose, np.random.default_rng(2))
    batch_norms(np.random.default_rng(3))
    optimizers(np.random.default_rng(4))
    losses()
    dcgan_step(np.random.default_rng(5))


if __name__ == "__main__":
    main()
