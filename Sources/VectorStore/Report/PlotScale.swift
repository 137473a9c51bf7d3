// An axis: numbers to places, and where its ticks are. Used by Plot and the plots; calls ReportFormat.

import Foundation

/// Maps numbers onto a drawing, evenly or by their logarithms.
struct PlotScale {
  /// The numbers at both ends, the lesser first.
  let low: Double
  let high: Double
  /// The places of both ends.
  let start: Double
  let end: Double
  let isLogarithmic: Bool
  /// Whether it counts, so that a tick between two whole numbers would mean nothing.
  var isWhole = false

  /// - Precondition: on a logarithmic scale both numbers are above 0. An empty range is widened.
  init(_ low: Double, _ high: Double, from start: Double, to end: Double, logarithmic: Bool = false)
  {
    let isEmpty = !(high > low)
    self.low = isEmpty ? (logarithmic ? low / 2 : low - 0.5) : low
    self.high = isEmpty ? (logarithmic ? low * 2 : low + 0.5) : high
    (self.start, self.end) = (start, end)
    isLogarithmic = logarithmic
  }

  /// The place of a number; numbers beyond the ends are drawn at the ends.
  func place(_ value: Double) -> Double {
    let inside = min(high, max(low, value))
    let share =
      isLogarithmic ? log(inside / low) / log(high / low) : (inside - low) / (high - low)
    return start + share * (end - start)
  }

  /// The ticks with their labels, about `count` of them.
  func ticks(_ count: Int) -> [(value: Double, label: String)] {
    isLogarithmic ? powers(count) : steps(count)
  }

  private func steps(_ count: Int) -> [(value: Double, label: String)] {
    let step = max(Self.step(high - low, count), isWhole ? 1 : 0)
    guard step > 0, step.isFinite else { return [] }
    let digits = max(0, -Int(floor(log10(step) + 1e-9)))
    let (first, last) = (ceil(low / step - 1e-9), floor(high / step + 1e-9))
    guard last >= first, last - first < 50 else { return [] }
    return stride(from: first, through: last, by: 1).map { index in
      let value = index * step
      let label =
        digits == 0 && abs(value) < 1e15
        ? ReportFormat.count(Int(value.rounded())) : ReportFormat.fixed(value, digits)
      return (value, label)
    }
  }

  private func powers(_ count: Int) -> [(value: Double, label: String)] {
    let (first, last) = (Int(ceil(log10(low) - 1e-9)), Int(floor(log10(high) + 1e-9)))
    guard last >= first else { return [] }
    let skip = max(1, (last - first + count) / count)
    return stride(from: last, through: first, by: -skip).reversed().map { exponent in
      let isPlain = (0...5).contains(exponent) && low >= 0.1
      let value = pow(10, Double(exponent))
      return (value, isPlain ? ReportFormat.count(Int(value)) : ReportFormat.power(exponent))
    }
  }

  /// 1, 2 or 5 times a power of ten, by which a range has about so many steps.
  static func step(_ range: Double, _ count: Int) -> Double {
    let rough = range / Double(max(1, count))
    let unit = pow(10, floor(log10(rough)))
    let factor = [1.0, 2, 5, 10].first { $0 * unit >= rough * 0.999 } ?? 10
    return factor * unit
  }
}
