package org.lenet4j.cli;

import java.awt.BasicStroke;
import java.awt.Color;
import java.nio.file.Path;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.lenet4j.io.AtomicFile;
import org.lenet4j.io.Png;
import org.lenet4j.training.CurvePoint;
import org.lenet4j.training.Epoch;
import org.lenet4j.training.Training;

/** The chapter's plot as a PNG file: train loss, train accuracy and test accuracy over epochs. */
final class CurvesPlot {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 600;

  /** XChart puts crooked ticks on an axis whose values are evenly spaced, so they are not quite. */
  private static final double HAIR = 1e-3;

  private static final BasicStroke SOLID = stroke(null);
  private static final BasicStroke DASHED = stroke(new float[] {9, 6});
  private static final BasicStroke DOTTED = stroke(new float[] {2, 5});

  private CurvesPlot() {}

  static void write(Path png, Training training, String title) {
    XYChart chart = chart(training, title);
    AtomicFile.write(png, out -> Png.write(BitmapEncoder.getBufferedImage(chart), out));
  }

  private static XYChart chart(Training training, String title) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle("epoch")
            .yAxisTitle("loss, accuracy")
            .build();
    List<CurvePoint> curve = training.curve();
    List<Epoch> history = training.history();
    double[] points = values(curve, CurvePoint::epoch);
    double[] epochs = values(history, epoch -> epoch.number() + HAIR);
    line(chart, "train loss", points, values(curve, CurvePoint::loss), "#1f77b4", SOLID, false);
    line(
        chart,
        "train acc",
        points,
        values(curve, CurvePoint::trainAccuracy),
        "#9b1fb4",
        DASHED,
        false);
    line(chart, "test acc", epochs, values(history, Epoch::testAccuracy), "#2a8a2a", DOTTED, true);

    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setLegendPosition(LegendPosition.OutsideS);
    chart.getStyler().setLegendLayout(LegendLayout.Horizontal);
    chart.getStyler().setPlotGridLinesColor(new Color(0xdddddd));
    chart.getStyler().setXAxisMin(0.0);
    chart.getStyler().setXAxisMax(xMax(points, epochs));
    chart.getStyler().setYAxisMin(0.0);
    chart.getStyler().setYAxisMax(top(curve));
    chart.getStyler().setXAxisDecimalPattern("0.##");
    chart.getStyler().setYAxisDecimalPattern("0.0#");
    return chart;
  }

  /** A training that was stopped has points of an epoch that is not over. */
  private static double xMax(double[] points, double[] epochs) {
    return Math.max(epochs[epochs.length - 1], Math.ceil(points[points.length - 1]));
  }

  /** At least 1, for the accuracies; else the largest loss, rounded up to a half. */
  private static double top(List<CurvePoint> curve) {
    double loss = curve.stream().mapToDouble(CurvePoint::loss).max().orElse(0);
    return Math.max(1, Math.ceil(loss * 2) / 2);
  }

  private static void line(
      XYChart chart,
      String name,
      double[] x,
      double[] y,
      String color,
      BasicStroke stroke,
      boolean marked) {
    Marker marker = marked || x.length == 1 ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE;
    XYSeries series = chart.addSeries(name, x, y);
    series.setLineColor(Color.decode(color));
    series.setMarkerColor(Color.decode(color));
    series.setLineStyle(stroke);
    series.setMarker(marker);
  }

  private static <T> double[] values(List<T> list, ToDoubleFunction<T> value) {
    return list.stream().mapToDouble(value).toArray();
  }

  private static BasicStroke stroke(float[] dash) {
    return new BasicStroke(2.5f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND, 10, dash, 0);
  }
}
