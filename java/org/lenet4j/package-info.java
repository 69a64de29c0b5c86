/** What all packages share: the exception that they throw, and the version. */
package org.lenet4j;
