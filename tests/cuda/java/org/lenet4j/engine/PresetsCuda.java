package org.lenet4j.engine;

import static org.bytedeco.cuda.global.cublas.*;
import static org.bytedeco.cuda.global.cudart.*;
import static org.bytedeco.cuda.global.cudnn.*;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.bytedeco.cuda.cublas.cublasContext;
import org.bytedeco.cuda.cudnn.cudnnBackendDescriptor_t;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * The layers of a network, each computed by one call of cuDNN or cuBLAS that goes through the
 * JavaCPP Presets: host arrays in, host arrays out. Shares nothing with the engine but the CUDA
 * libraries themselves. Tensors are packed NCHW, matrices row-major.
 */
final class PresetsCuda implements AutoCloseable {
  private static final List<Integer> IMPRECISE =
      List.of(
          CUDNN_NUMERICAL_NOTE_TENSOR_CORE,
          CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS,
          CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION,
          CUDNN_NUMERICAL_NOTE_FFT,
          CUDNN_NUMERICAL_NOTE_WINOGRAD);

  private static final long MAX_WORKSPACE_BYTES = 64L << 20;

  private final cudnnContext cudnn = new cudnnContext();
  private final cublasContext cublas = new cublasContext();

  PresetsCuda() {
    check("cudnnCreate", cudnnCreate(cudnn));
    check("cublasCreate", cublasCreate_v2(cublas));
    check("cublasSetMathMode", cublasSetMathMode(cublas, CUBLAS_PEDANTIC_MATH));
  }

  @Override
  public void close() {
    check("cublasDestroy", cublasDestroy_v2(cublas));
    check("cudnnDestroy", cudnnDestroy(cudnn));
  }

  /** A cross-correlation with 5 x 5 weights and stride 1; x [n,c,s,s], w [k,c,5,5]. */
  record Convolution(int n, int c, int k, int size, int padding) {
    int outSize() {
      return size + 2 * padding - 4;
    }

    long[] x() {
      return new long[] {n, c, size, size};
    }

    long[] w() {
      return new long[] {k, c, 5, 5};
    }

    long[] y() {
      return new long[] {n, k, outSize(), outSize()};
    }
  }

  /** y = x * w, without a bias. */
  float[] convolve(Convolution shape, float[] x, float[] w) {
    try (Graph graph = new Graph(shape.x(), shape.w(), shape.y())) {
      Descriptor operation =
          graph.convolution(
              shape,
              CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA);
      operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, graph.tensors.get(0));
      operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, graph.tensors.get(1));
      operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, graph.tensors.get(2));
      return graph.run(operation, x, w);
    }
  }

  /** The gradient of x, from those of y. */
  float[] convolveBackwardData(Convolution shape, float[] dy, float[] w) {
    try (Graph graph = new Graph(shape.y(), shape.w(), shape.x())) {
      Descriptor operation =
          graph.convolution(
              shape,
              CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA);
      operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, graph.tensors.get(0));
      operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, graph.tensors.get(1));
      operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, graph.tensors.get(2));
      return graph.run(operation, dy, w);
    }
  }

  /** The gradient of w. */
  float[] convolveBackwardFilter(Convolution shape, float[] x, float[] dy) {
    try (Graph graph = new Graph(shape.x(), shape.y(), shape.w())) {
      Descriptor operation =
          graph.convolution(
              shape,
              CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA);
      operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, graph.tensors.get(0));
      operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, graph.tensors.get(1));
      operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, graph.tensors.get(2));
      return graph.run(operation, x, dy);
    }
  }

  /** 2 x 2 average pooling of x [n,c,s,s]. */
  float[] averagePool(int n, int c, int size, float[] x) {
    long[] large = {n, c, size, size};
    long[] small = {n, c, size / 2, size / 2};
    try (Graph graph = new Graph(large, small)) {
      Descriptor operation = graph.add(CUDNN_BACKEND_OPERATION_RESAMPLE_FWD_DESCRIPTOR);
      operation.set(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_DESC, graph.averagePooling());
      operation.set(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_XDESC, graph.tensors.get(0));
      operation.set(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_YDESC, graph.tensors.get(1));
      return graph.run(operation, x);
    }
  }

  /** The gradient of x, from those of y. cuDNN asks for x and y as well. */
  float[] averagePoolBackward(int n, int c, int size, float[] x, float[] y, float[] dy) {
    long[] large = {n, c, size, size};
    long[] small = {n, c, size / 2, size / 2};
    try (Graph graph = new Graph(large, small, small, large)) {
      Descriptor operation = graph.add(CUDNN_BACKEND_OPERATION_RESAMPLE_BWD_DESCRIPTOR);
      operation.set(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DESC, graph.averagePooling());
      operation.set(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_XDESC, graph.tensors.get(0));
      operation.set(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_YDESC, graph.tensors.get(1));
      operation.set(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DYDESC, graph.tensors.get(2));
      operation.set(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DXDESC, graph.tensors.get(3));
      return graph.run(operation, x, y, dy);
    }
  }

  /** c [m][n] = a [m][k] * b [k][n]; transposeA: a is [k][m]; transposeB: b is [n][k]. */
  float[] multiply(
      int m, int n, int k, float[] a, boolean transposeA, float[] b, boolean transposeB) {
    // cuBLAS's matrices are column-major, so a row-major one is its own transpose there:
    // c^T = b^T * a^T.
    try (DeviceArray deviceA = new DeviceArray(a);
        DeviceArray deviceB = new DeviceArray(b);
        DeviceArray deviceC = new DeviceArray(m * n);
        FloatPointer one = new FloatPointer(1f);
        FloatPointer zero = new FloatPointer(0f)) {
      check(
          "cublasSgemm",
          cublasSgemm_v2(
              cublas,
              transposeB ? CUBLAS_OP_T : CUBLAS_OP_N,
              transposeA ? CUBLAS_OP_T : CUBLAS_OP_N,
              n,
              m,
              k,
              one,
              deviceB.memory,
              transposeB ? k : n,
              deviceA.memory,
              transposeA ? m : k,
              zero,
              deviceC.memory,
              n));
      return deviceC.download();
    }
  }

  private static void check(String call, int status) {
    if (status != 0) {
      throw new AssertionError(call + " returned " + status);
    }
  }

  private void checkCudnn(String call, int status) {
    if (status != CUDNN_STATUS_SUCCESS) {
      try (BytePointer text = new BytePointer(1000)) {
        cudnnGetLastErrorString(text, text.capacity());
        throw new AssertionError(
            "%s: %s, %s"
                .formatted(call, cudnnGetErrorString(status).getString(), text.getString()));
      }
    }
  }

  /** Floats on the device. */
  private static final class DeviceArray implements AutoCloseable {
    final FloatPointer memory = new FloatPointer();
    private final int length;

    DeviceArray(int length) {
      this.length = length;
      check("cudaMalloc", cudaMalloc(memory, bytes()));
    }

    DeviceArray(float[] values) {
      this(values.length);
      try (FloatPointer host = new FloatPointer(values)) {
        check("cudaMemcpy", cudaMemcpy(memory, host, bytes(), cudaMemcpyHostToDevice));
      }
    }

    float[] download() {
      float[] values = new float[length];
      try (FloatPointer host = new FloatPointer(length)) {
        check("cudaMemcpy", cudaMemcpy(host, memory, bytes(), cudaMemcpyDeviceToHost));
        host.get(values);
      }
      return values;
    }

    private long bytes() {
      return 4L * length;
    }

    @Override
    public void close() {
      check("cudaFree", cudaFree(memory));
    }
  }

  /** A descriptor of cuDNN's graph API. */
  private final class Descriptor {
    final cudnnBackendDescriptor_t raw = new cudnnBackendDescriptor_t();

    Descriptor(int type) {
      checkCudnn("cudnnBackendCreateDescriptor", cudnnBackendCreateDescriptor(type, raw));
    }

    void set(int name, Descriptor... values) {
      try (PointerPointer<Pointer> pointers = pointers(values)) {
        setRaw(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, values.length, pointers);
      }
    }

    void setLongs(int name, long... values) {
      try (LongPointer pointer = new LongPointer(values)) {
        setRaw(name, CUDNN_TYPE_INT64, values.length, pointer);
      }
    }

    void setFloat(int name, float value) {
      try (FloatPointer pointer = new FloatPointer(value)) {
        setRaw(name, CUDNN_TYPE_FLOAT, 1, pointer);
      }
    }

    void setEnum(int name, int type, int value) {
      try (IntPointer pointer = new IntPointer(1).put(value)) {
        setRaw(name, type, 1, pointer);
      }
    }

    void setRaw(int name, int type, long count, Pointer values) {
      checkCudnn(
          "cudnnBackendSetAttribute " + name,
          cudnnBackendSetAttribute(raw, name, type, count, values));
    }

    /** Returns how many there are. */
    long get(int name, int type, long capacity, Pointer values) {
      try (LongPointer count = new LongPointer(1)) {
        checkCudnn(
            "cudnnBackendGetAttribute " + name,
            cudnnBackendGetAttribute(raw, name, type, capacity, count, values));
        return count.get();
      }
    }

    void finish() {
      checkCudnn("cudnnBackendFinalize", cudnnBackendFinalize(raw));
    }
  }

  private static PointerPointer<Pointer> pointers(Descriptor... descriptors) {
    PointerPointer<Pointer> pointers = new PointerPointer<>(descriptors.length);
    for (int i = 0; i < descriptors.length; i++) {
      pointers.put(i, descriptors[i].raw);
    }
    return pointers;
  }

  /** One operation; the tensors have ids 1, 2, ... and the last one is the output. */
  private final class Graph implements AutoCloseable {
    final List<Descriptor> tensors = new ArrayList<>();
    private final List<Descriptor> all = new ArrayList<>();
    private final int outputLength;

    Graph(long[]... shapes) {
      int length = 0;
      for (long[] shape : shapes) {
        Descriptor tensor = add(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
        long[] strides = new long[4];
        long stride = 1;
        for (int d = 3; d >= 0; d--) {
          strides[d] = stride;
          stride *= shape[d];
        }
        length = (int) stride;
        tensor.setLongs(CUDNN_ATTR_TENSOR_UNIQUE_ID, tensors.size() + 1L);
        tensor.setEnum(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT);
        tensor.setLongs(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, 16L);
        tensor.setLongs(CUDNN_ATTR_TENSOR_DIMENSIONS, shape);
        tensor.setLongs(CUDNN_ATTR_TENSOR_STRIDES, strides);
        tensor.finish();
        tensors.add(tensor);
      }
      outputLength = length;
    }

    Descriptor add(int type) {
      Descriptor descriptor = new Descriptor(type);
      all.add(descriptor);
      return descriptor;
    }

    /** An operation of a convolution, still without its tensors. */
    Descriptor convolution(Convolution shape, int type, int convolution, int alpha, int beta) {
      Descriptor descriptor = add(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
      descriptor.setEnum(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT);
      descriptor.setEnum(
          CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, CUDNN_CROSS_CORRELATION);
      descriptor.setLongs(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, 2L);
      descriptor.setLongs(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, shape.padding, shape.padding);
      descriptor.setLongs(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, shape.padding, shape.padding);
      descriptor.setLongs(CUDNN_ATTR_CONVOLUTION_DILATIONS, 1L, 1L);
      descriptor.setLongs(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, 1L, 1L);
      descriptor.finish();
      Descriptor operation = add(type);
      operation.set(convolution, descriptor);
      operation.setFloat(alpha, 1f);
      operation.setFloat(beta, 0f);
      return operation;
    }

    Descriptor averagePooling() {
      Descriptor pooling = add(CUDNN_BACKEND_RESAMPLE_DESCRIPTOR);
      pooling.setEnum(
          CUDNN_ATTR_RESAMPLE_MODE,
          CUDNN_TYPE_RESAMPLE_MODE,
          CUDNN_RESAMPLE_AVGPOOL_INCLUDE_PADDING);
      pooling.setEnum(CUDNN_ATTR_RESAMPLE_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT);
      pooling.setEnum(CUDNN_ATTR_RESAMPLE_PADDING_MODE, CUDNN_TYPE_PADDING_MODE, CUDNN_ZERO_PAD);
      pooling.setEnum(
          CUDNN_ATTR_RESAMPLE_NAN_PROPAGATION, CUDNN_TYPE_NAN_PROPOGATION, CUDNN_PROPAGATE_NAN);
      pooling.setLongs(CUDNN_ATTR_RESAMPLE_SPATIAL_DIMS, 2L);
      pooling.setLongs(CUDNN_ATTR_RESAMPLE_WINDOW_DIMS, 2L, 2L);
      pooling.setLongs(CUDNN_ATTR_RESAMPLE_STRIDES, 2L, 2L);
      pooling.setLongs(CUDNN_ATTR_RESAMPLE_PRE_PADDINGS, 0L, 0L);
      pooling.setLongs(CUDNN_ATTR_RESAMPLE_POST_PADDINGS, 0L, 0L);
      pooling.finish();
      return pooling;
    }

    /** Computes the last tensor from the others. */
    float[] run(Descriptor operation, float[]... inputs) {
      operation.finish();
      Descriptor graph = add(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
      graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operation);
      setHandle(graph, CUDNN_ATTR_OPERATIONGRAPH_HANDLE);
      graph.finish();
      Descriptor plan = plan(graph);
      List<DeviceArray> arrays = new ArrayList<>();
      try {
        for (float[] input : inputs) {
          arrays.add(new DeviceArray(input));
        }
        DeviceArray output = new DeviceArray(outputLength);
        arrays.add(output);
        DeviceArray workspace = new DeviceArray((int) (workspaceBytes(plan) / 4) + 1);
        arrays.add(workspace);
        execute(plan, arrays.subList(0, tensors.size()), workspace);
        return output.download();
      } finally {
        arrays.forEach(DeviceArray::close);
      }
    }

    private void execute(Descriptor plan, List<DeviceArray> arrays, DeviceArray workspace) {
      Descriptor pack = add(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
      long[] ids = new long[arrays.size()];
      try (PointerPointer<Pointer> memory = new PointerPointer<>(ids.length);
          PointerPointer<Pointer> scratch = new PointerPointer<>(1)) {
        for (int i = 0; i < ids.length; i++) {
          ids[i] = i + 1L;
          memory.put(i, arrays.get(i).memory);
        }
        scratch.put(0, workspace.memory);
        pack.setLongs(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, ids);
        pack.setRaw(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, ids.length, memory);
        pack.setRaw(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, scratch);
        pack.finish();
        checkCudnn("cudnnBackendExecute", cudnnBackendExecute(cudnn, plan.raw, pack.raw));
        check("cudaDeviceSynchronize", cudaDeviceSynchronize());
      }
    }

    private long workspaceBytes(Descriptor plan) {
      try (LongPointer bytes = new LongPointer(1)) {
        plan.get(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, bytes);
        return bytes.get();
      }
    }

    /**
     * The first engine that computes in float32, needs no compiler at run time, and is content with
     * a workspace that there is.
     */
    private Descriptor plan(Descriptor graph) {
      for (int mode : new int[] {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
        Descriptor heuristics = add(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
        heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
        heuristics.setEnum(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, mode);
        if (cudnnBackendFinalize(heuristics.raw) != CUDNN_STATUS_SUCCESS) {
          continue;
        }
        for (Descriptor config : configs(heuristics)) {
          Descriptor plan = add(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
          setHandle(plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE);
          plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config);
          if (isPrecise(config)
              && cudnnBackendFinalize(plan.raw) == CUDNN_STATUS_SUCCESS
              && workspaceBytes(plan) <= MAX_WORKSPACE_BYTES) {
            return plan;
          }
        }
      }
      throw new AssertionError("cuDNN has no plan");
    }

    private void setHandle(Descriptor descriptor, int name) {
      try (PointerPointer<Pointer> handle = new PointerPointer<>(1)) {
        handle.put(0, cudnn);
        descriptor.setRaw(name, CUDNN_TYPE_HANDLE, 1, handle);
      }
    }

    private Descriptor[] configs(Descriptor heuristics) {
      int count =
          (int)
              heuristics.get(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, null);
      Descriptor[] configs = new Descriptor[count];
      for (int i = 0; i < count; i++) {
        configs[i] = add(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
      }
      if (count > 0) {
        try (PointerPointer<Pointer> pointers = pointers(configs)) {
          heuristics.get(
              CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, count, pointers);
        }
      }
      return configs;
    }

    private boolean isPrecise(Descriptor config) {
      Descriptor engine = add(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
      try (PointerPointer<Pointer> pointer = pointers(engine)) {
        config.get(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, pointer);
      }
      List<Integer> numerical =
          notes(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE);
      List<Integer> behavior =
          notes(engine, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE);
      return Collections.disjoint(numerical, IMPRECISE)
          && !behavior.contains(CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION);
    }

    private static List<Integer> notes(Descriptor engine, int name, int type) {
      try (IntPointer values = new IntPointer(64)) {
        int count = (int) engine.get(name, type, values.capacity(), values);
        List<Integer> notes = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          notes.add(values.get(i));
        }
        return notes;
      }
    }

    @Override
    public void close() {
      for (int i = all.size() - 1; i >= 0; i--) {
        checkCudnn("cudnnBackendDestroyDescriptor", cudnnBackendDestroyDescriptor(all.get(i).raw));
      }
    }
  }
}
