/**
 * Files on disk: whole or not at all ({@code AtomicFile}), and tensors ({@code Safetensors}). Not
 * part of the API.
 */
package org.lenet4j.io;
