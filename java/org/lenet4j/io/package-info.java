/**
 * Files that are written whole or not at all, the formats of what is in them (safetensors, JSON,
 * protobuf, PNG), and the user's cache. Not part of the API.
 */
package org.lenet4j.io;
