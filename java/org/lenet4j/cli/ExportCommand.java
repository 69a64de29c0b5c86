package org.lenet4j.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.lenet4j.engine.Device;
import org.lenet4j.io.AtomicFile;
import org.lenet4j.training.LeNet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code lenet4j export}. */
@Command(
    name = "export",
    description = {
      "Writes a saved network for other programs, as ONNX or safetensors.",
      "",
      "ONNX is for ONNX Runtime and its like; the safetensors file has the names and shapes of"
          + " PyTorch's state_dict. A checkpoint can be exported too."
    },
    footer = {
      "",
      "Examples:",
      "  lenet4j export --model lenet4j-out/run-1/best.safetensors \\",
      "                 --format onnx --softmax --output lenet.onnx",
      "  lenet4j export --model lenet4j-out/run-1/best.safetensors \\",
      "                 --format safetensors --output lenet.safetensors"
    })
final class ExportCommand implements Callable<Integer> {
  enum Format {
    ONNX,
    SAFETENSORS
  }

  @Spec private CommandSpec spec;
  @Mixin private ModelOption model;

  @Option(
      names = "--format",
      paramLabel = "NAME",
      required = true,
      converter = Converters.ExportFormat.class,
      description = {
        "onnx or safetensors.",
        "The ONNX graph takes float [batch,1,28,28], the pixels of 0 to 255 divided by 255, and"
            + " gives logits, float [batch,classes]. Standardising, if the network was trained with"
            + " it, is part of the graph."
      })
  private Format format;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      required = true,
      description = "Where to write it; a file that is there is replaced.")
  private Path file;

  @Option(
      names = "--softmax",
      description = "Let the ONNX graph end in a softmax and give probabilities.")
  private boolean softmax;

  @Mixin private VariantOptions variant;
  @Mixin private CommonOptions common;

  @Override
  public Integer call() {
    if (softmax && format != Format.ONNX) {
      throw new ParameterException(spec.commandLine(), "--softmax needs --format onnx");
    }
    AtomicFile.requireWritable(file);
    Output output = new Output();
    // Nothing is computed, so that any device does.
    try (LeNet net = model.load(variant.apply(LeNet.builder().device(Device.java())))) {
      switch (format) {
        case ONNX -> net.exportOnnx(file, softmax);
        case SAFETENSORS -> net.save(file);
      }
      output.result("network (%s) written to %s".formatted(VariantOptions.describe(net), file));
    }
    return 0;
  }
}
