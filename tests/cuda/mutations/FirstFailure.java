import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.Arrays;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs JUnit test classes until the first failure and names it, which neither Surefire nor JUnit's
 * own launcher does for JUnit 5: {@code java -cp ... FirstFailure.java CLASS...}
 */
public final class FirstFailure {
  private FirstFailure() {}

  public static void main(String[] classes) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(Arrays.stream(classes).map(name -> selectClass(name)).toList())
            .build();
    LauncherFactory.create().execute(request, new Listener());
    // Engines that a failed test left open have threads.
    Runtime.getRuntime().halt(0);
  }

  private static final class Listener implements TestExecutionListener {
    @Override
    public void executionStarted(TestIdentifier test) {
      if (test.isTest()) {
        System.out.println("STARTED " + name(test));
      }
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      if (result.getStatus() == Status.FAILED) {
        System.out.println("FAILED " + name(test));
        result.getThrowable().ifPresent(t -> t.printStackTrace(System.out));
        System.out.flush();
        Runtime.getRuntime().halt(1);
      }
    }

    private static String name(TestIdentifier test) {
      String method =
          test.getSource()
              .filter(MethodSource.class::isInstance)
              .map(MethodSource.class::cast)
              .map(s -> s.getClassName().replaceAll(".*\\.", "") + "." + s.getMethodName())
              .orElse("");
      String display = test.getDisplayName();
      return display.startsWith(method.replaceAll(".*\\.", "")) ? method : method + ": " + display;
    }
  }
}
