package org.lenet4j;

/**
 * Something that lenet4j was asked to do could not be done. The message is one sentence for the
 * user: what was wrong, where, and, if it is known, what to do next.
 *
 * @since 0.1.0
 */
public class LeNetException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Something could not be done.
   *
   * @param message one sentence for the user
   */
  public LeNetException(String message) {
    super(message);
  }

  /**
   * Something could not be done.
   *
   * @param message one sentence for the user
   * @param cause what lies behind it
   */
  public LeNetException(String message, Throwable cause) {
    super(message, cause);
  }
}
