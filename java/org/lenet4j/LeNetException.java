package org.lenet4j;

/**
 * Something that lenet4j was asked to do could not be done. The message is one sentence for the
 * user: what was wrong, where, and, if it is known, what to do next.
 */
public class LeNetException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public LeNetException(String message) {
    super(message);
  }

  public LeNetException(String message, Throwable cause) {
    super(message, cause);
  }
}
