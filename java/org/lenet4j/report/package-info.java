/**
 * Shows a training: {@link org.lenet4j.report.Report} as a page in one HTML file, {@link
 * org.lenet4j.report.LivePage} while it goes on, {@link org.lenet4j.report.Curves} as one plot,
 * {@link org.lenet4j.report.EventFile} in TensorBoard.
 */
package org.lenet4j.report;
