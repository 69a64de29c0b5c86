/**
 * The bindings that JavaCPP generates from native/include/lenet. Internal: nothing here is
 * validated or stable, and no user of the library should call it.
 */
package org.lenet4j.internal.binding;
