"""The training step of TensorFlow's DCGAN tutorial (https://www.tensorflow.org/tutorials/generative/dcgan).

usage: tf_dcgan.py function|jit [STEPS] [--batch N] [--width N] [--threads N]

`function` is the tutorial's `tf.function`; `jit` compiles it with XLA. Random images stand for the data. The tutorial's
layers' default slope of LeakyReLU, 0.3, is spelt out.
"""

import os
import sys

sys.dont_write_bytecode = True
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import numpy as np
import tensorflow as tf

from harness import arguments, bench

OPTIONS = arguments(["function", "jit"])
BATCH, WIDTH, LATENT = OPTIONS.batch, OPTIONS.width, 100

tf.config.threading.set_intra_op_parallelism_threads(OPTIONS.threads)
tf.config.threading.set_inter_op_parallelism_threads(OPTIONS.threads)
layers = tf.keras.layers


def make_generator():
    def up(channels, stride, **options):
        return layers.Conv2DTranspose(
            channels, 5, strides=stride, padding="same", use_bias=False, **options
        )

    return tf.keras.Sequential(
        [
            layers.Input((LATENT,)),
            layers.Dense(7 * 7 * 4 * WIDTH, use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(negative_slope=0.3),
            layers.Reshape((7, 7, 4 * WIDTH)),
            up(2 * WIDTH, 1),
            layers.BatchNormalization(),
            layers.LeakyReLU(negative_slope=0.3),
            up(WIDTH, 2),
            layers.BatchNormalization(),
            layers.LeakyReLU(negative_slope=0.3),
            up(1, 2, activation="tanh"),
        ]
    )


def make_discriminator():
    return tf.keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(WIDTH, 5, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.3),
            layers.Dropout(0.3),
            layers.Conv2D(2 * WIDTH, 5, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.3),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )


generator, discriminator = make_generator(), make_discriminator()
cross_entropy = tf.keras.losses.BinaryCrossentropy(from_logits=True)
generator_optimizer = tf.keras.optimizers.Adam(1e-4)
discriminator_optimizer = tf.keras.optimizers.Adam(1e-4)
generator_optimizer.build(generator.trainable_variables)
discriminator_optimizer.build(discriminator.trainable_variables)


@tf.function(jit_compile=OPTIONS.mode == "jit")
def train_step(images):
    noise = tf.random.normal([BATCH, LATENT])
    with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
        generated = generator(noise, training=True)
        on_real = discriminator(images, training=True)
        on_fake = discriminator(generated, training=True)
        generator_loss = cross_entropy(tf.ones_like(on_fake), on_fake)
        discriminator_loss = cross_entropy(tf.ones_like(on_real), on_real) + cross_entropy(
            tf.zeros_like(on_fake), on_fake
        )
    for tape, loss, network, optimizer in (
        (generator_tape, generator_loss, generator, generator_optimizer),
        (discriminator_tape, discriminator_loss, discriminator, discriminator_optimizer),
    ):
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables))
    return generator_loss, discriminator_loss


images = tf.constant(np.random.default_rng(0).uniform(-1, 1, (BATCH, 28, 28, 1)).astype("float32"))


def step():
    return [float(loss) for loss in train_step(images)]


bench(
    "TensorFlow",
    tf.__version__,
    "tf.function" if OPTIONS.mode == "function" else "tf.function, jit_compile",
    step,
    OPTIONS,
)
