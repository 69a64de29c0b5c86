package org.lenet4j.cli;

import java.util.List;
import java.util.Optional;
import org.lenet4j.engine.Device;
import org.lenet4j.engine.Engines;
import org.lenet4j.training.LayerSummary;
import org.lenet4j.training.LeNet;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which variant of the network, and where it computes. */
final class NetworkOptions {
  @Mixin private VariantOptions variant;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "auto",
      converter = Converters.DeviceName.class,
      description = {
        "auto, cpu, cuda, cuda:N or java, the slow reference (default: ${DEFAULT-VALUE}).",
        "auto takes the fastest one that works and says which."
      })
  private Device device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      converter = Converters.Threads.class,
      description = {
        "Threads of the cpu device, 0 for one per physical core (default: ${DEFAULT-VALUE}).",
        "The results are the same bits for any number."
      })
  private int threads;

  @Option(
      names = "--isa",
      paramLabel = "NAME",
      description =
          "Instruction set of the cpu device, such as x86-64-v3 (default: the best there is).")
  private String instructionSet;

  @Option(
      names = "--tf32",
      description = "Let the cuda device round the inputs of products to TF32: faster, less exact.")
  private boolean tf32;

  @Option(
      names = "--no-graph",
      description = "Do not let the cuda device replay its steps as CUDA Graphs: only slower.")
  private boolean noGraph;

  /** Whether names of the classes were given. */
  boolean hasLabels() {
    return variant.hasLabels();
  }

  /** A builder on which all of these options are set. */
  LeNet.Builder builder() {
    LeNet.Builder builder =
        LeNet.builder().device(device).threads(threads).tf32(tf32).cudaGraph(!noGraph);
    if (instructionSet != null) {
      builder.instructionSet(instructionSet);
    }
    return variant.apply(builder);
  }

  /** Why a network is on the CPU though {@code --device} left the choice; empty if it was said. */
  Optional<String> whyNoGpu(LeNet net) {
    return device.kind() == Device.Kind.AUTO && net.device().equals("cpu")
        ? Engines.whyNoGpu()
        : Optional.empty();
  }

  /** One line on a network: where it computes, and which variant it is. */
  static String describe(LeNet net) {
    return net.description() + "; " + VariantOptions.describe(net);
  }

  /** The chapter's print, a line each. */
  static List<String> shapes(List<LayerSummary> layers) {
    return layers.stream().map(l -> l.module() + " output shape: " + l.shape()).toList();
  }
}
