/** Shows a training: a page in one HTML file. */
package org.lenet4j.report;
