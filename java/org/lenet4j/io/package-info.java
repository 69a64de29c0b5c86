/** Files on disk: whole or not at all ({@code AtomicFile}), and tensors ({@code Safetensors}). */
package org.lenet4j.io;
