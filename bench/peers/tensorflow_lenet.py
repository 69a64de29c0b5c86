#!/usr/bin/env python3
"""The TensorFlow peer of `bench/run`: classic LeNet on the CPU, see measure.py for the rules.

Modes: function (the whole step in one tf.function, the fastest), xla (jit_compile, too). Images are
NHWC, the only format in which TensorFlow trains convolutions on CPUs.
"""
import os

import measure

MODES = ("function", "xla")
args = measure.parse(__doc__, MODES)
measure.limit_threads(args.threads)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf  # After the environment is set.


class Peer:
    name = "TensorFlow"
    version = tf.__version__

    def __init__(self, images, labels, mode: str):
        self.configuration = mode
        self.images = tf.constant(images[..., None])
        self.labels = tf.constant(labels, tf.int32)
        shapes = [(5, 5, 1, 6), (5, 5, 6, 16), (400, 120), (120, 84), (84, 10)]
        xavier = tf.keras.initializers.GlorotUniform(seed=0)
        uniform = tf.random.Generator.from_seed(0)
        self.weights = [tf.Variable(xavier(shape)) for shape in shapes]
        self.biases = []
        for shape in shapes:  # PyTorch's default, as in the other peers.
            bound = float(tf.reduce_prod(shape[:-1])) ** -0.5
            self.biases.append(tf.Variable(uniform.uniform([shape[-1]], -bound, bound)))
        self.loss, self.hits = tf.Variable(0.0), tf.Variable(0, dtype=tf.int32)
        self.count = 0
        compiled = True if mode == "xla" else None
        self._step = tf.function(self._step, jit_compile=compiled)
        self._gather = tf.function(self._gather)
        self._predict = tf.function(self._predict, jit_compile=compiled)

    def _logits(self, x):
        w, b = self.weights, self.biases
        for i, padding in enumerate(("SAME", "VALID")):
            x = tf.sigmoid(tf.nn.bias_add(tf.nn.conv2d(x, w[i], 1, padding), b[i]))
            x = tf.nn.avg_pool2d(x, 2, 2, "VALID")
        x = tf.reshape(x, [-1, 400])
        x = tf.sigmoid(tf.matmul(x, w[2]) + b[2])
        x = tf.sigmoid(tf.matmul(x, w[3]) + b[3])
        return tf.matmul(x, w[4]) + b[4]

    def _step(self, x, y):
        parameters = self.weights + self.biases
        with tf.GradientTape() as tape:
            logits = self._logits(x)
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
        for parameter, gradient in zip(parameters, tape.gradient(loss, parameters)):
            parameter.assign_sub(measure.RATE * gradient)
        hits = tf.argmax(logits, axis=1, output_type=tf.int32) == y
        self.loss.assign_add(loss * tf.cast(tf.shape(y)[0], tf.float32))
        self.hits.assign_add(tf.reduce_sum(tf.cast(hits, tf.int32)))

    def _gather(self, index):
        x = tf.cast(tf.gather(self.images, index), tf.float32) / 255
        return x, tf.gather(self.labels, index)

    def _predict(self, pixels):
        return tf.nn.softmax(self._logits(tf.cast(pixels, tf.float32) / 255))

    def gather(self, index):
        return self._gather(tf.constant(index))

    def step(self, batch) -> None:
        self._step(*batch)
        self.count += batch[1].shape[0]

    def take_metrics(self) -> tuple:
        metrics = float(self.loss), int(self.hits), self.count
        self.loss.assign(0)
        self.hits.assign(0)
        self.count = 0
        return metrics

    def inputs(self, count: int):
        return tf.identity(self.images[:count])

    def predict(self, pixels):
        return self._predict(pixels).numpy()


tf.config.threading.set_intra_op_parallelism_threads(args.threads)
tf.config.threading.set_inter_op_parallelism_threads(args.threads)
data = measure.load(args.data)
measure.main(Peer(*data, args.mode), len(data[1]), args)
