package org.lenet4j.data;

/** One attempt to fetch a file from one mirror failed; the message goes on after the address. */
final class TransferException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean retryable;

  private TransferException(String message, boolean retryable, Throwable cause) {
    super(message, cause);
    this.retryable = retryable;
  }

  /** The same mirror may do better the next time. */
  static TransferException retryable(String message) {
    return retryable(message, null);
  }

  static TransferException retryable(String message, Throwable cause) {
    return new TransferException(message, true, cause);
  }

  /** The same mirror would do the same again. */
  static TransferException permanent(String message) {
    return permanent(message, null);
  }

  static TransferException permanent(String message, Throwable cause) {
    return new TransferException(message, false, cause);
  }

  boolean isRetryable() {
    return retryable;
  }
}
