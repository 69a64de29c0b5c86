package org.lenet4j.data;

/** One attempt to fetch a file from one mirror failed; the message goes on after the address. */
final class TransferException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean worthRetrying;

  private TransferException(String message, boolean worthRetrying, Throwable cause) {
    super(message, cause);
    this.worthRetrying = worthRetrying;
  }

  /** The same mirror may do better the next time. */
  static TransferException passing(String message, Throwable cause) {
    return new TransferException(message, true, cause);
  }

  /** The same mirror would do the same again. */
  static TransferException lasting(String message, Throwable cause) {
    return new TransferException(message, false, cause);
  }

  boolean worthRetrying() {
    return worthRetrying;
  }
}
