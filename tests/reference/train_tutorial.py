"""Trains TensorFlow's DCGAN tutorial on Fashion-MNIST, to put beside a run of `experiments/dcgan_fashion.toml`.

It prints the means of each epoch, in the columns of `metrics.csv`, and saves sixteen samples of one fixed latent batch as
an array (16, 28, 28, 1) in [-1, 1]. The setting is the tutorial's (https://www.tensorflow.org/tutorials/generative/dcgan); as in
ours, the last, incomplete batch of an epoch is left out. Nothing in the project needs this script. With the versions that
`make_reference.py` names, on two cores, an epoch takes two to three minutes:

    venv/bin/python train_tutorial.py train-images-idx3-ubyte.gz SAMPLES_FOLDER [EPOCHS]
"""

import gzip
import os
import pathlib
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from keras import layers

BATCH, LATENT = 256, 100


def networks():
    same = {"kernel_size": 5, "padding": "same"}
    generator = keras.Sequential([
        layers.Input((LATENT,)),
        layers.Dense(7 * 7 * 256, use_bias=False), layers.BatchNormalization(), layers.LeakyReLU(0.3),
        layers.Reshape((7, 7, 256)),
        layers.Conv2DTranspose(128, strides=1, use_bias=False, **same), layers.BatchNormalization(), layers.LeakyReLU(0.3),
        layers.Conv2DTranspose(64, strides=2, use_bias=False, **same), layers.BatchNormalization(), layers.LeakyReLU(0.3),
        layers.Conv2DTranspose(1, strides=2, use_bias=False, activation="tanh", **same),
    ])  # fmt: skip
    discriminator = keras.Sequential([
        layers.Input((28, 28, 1)),
        layers.Conv2D(64, strides=2, **same), layers.LeakyReLU(0.3), layers.Dropout(0.3),
        layers.Conv2D(128, strides=2, **same), layers.LeakyReLU(0.3), layers.Dropout(0.3),
        layers.Flatten(), layers.Dense(1),
    ])  # fmt: skip
    return generator, discriminator


def main():
    images, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    epochs = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.frombuffer(gzip.open(images).read(), np.uint8, offset=16).reshape(-1, 28, 28, 1)
    data = (pixels.astype("float32") - 127.5) / 127.5

    generator, discriminator = networks()
    players = [(network, keras.optimizers.Adam(1e-4)) for network in (generator, discriminator)]
    for network, optimizer in players:
        optimizer.build(network.trainable_variables)
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)

    @tf.function
    def step(real):
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            fake = generator(tf.random.normal([BATCH, LATENT]), training=True)
            real_logits, fake_logits = discriminator(real, training=True), discriminator(fake, training=True)
            ones, zeros = tf.ones_like(fake_logits), tf.zeros_like(fake_logits)
            g_loss = cross_entropy(ones, fake_logits)
            d_loss = cross_entropy(ones, real_logits) + cross_entropy(zeros, fake_logits)
        norms = []
        for (network, optimizer), tape, loss in zip(players, (generator_tape, discriminator_tape), (g_loss, d_loss)):
            gradients = tape.gradient(loss, network.trainable_variables)
            norms.append(tf.linalg.global_norm(gradients))
            optimizer.apply_gradients(zip(gradients, network.trainable_variables))
        d_real, d_fake = tf.reduce_mean(tf.sigmoid(real_logits)), tf.reduce_mean(tf.sigmoid(fake_logits))
        return tf.stack([d_loss, g_loss, d_real, d_fake, norms[1], norms[0]])

    random = np.random.default_rng(0)
    latents = tf.random.normal([16, LATENT])
    print("epoch,d_loss,g_loss,d_real,d_fake,d_gradient_norm,g_gradient_norm", flush=True)
    for epoch in range(1, epochs + 1):
        order = random.permutation(len(data))[: len(data) // BATCH * BATCH].reshape(-1, BATCH)
        means = np.mean([step(tf.constant(data[batch])).numpy() for batch in order], axis=0)
        print(epoch, *(f"{mean:.4f}" for mean in means), sep=",", flush=True)
        np.save(folder / f"epoch_{epoch:04}.npy", generator(latents, training=False).numpy())


if __name__ == "__main__":
    main()
