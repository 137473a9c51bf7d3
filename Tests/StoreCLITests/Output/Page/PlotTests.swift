// Where numbers fall on an axis, its ticks, and numbers as the page shows them.

import Testing

@testable import StoreCLI

@Suite struct PlotTests {
  @Test func placesLieBetweenBothEnds() {
    let scale = PlotScale(-1, 1, from: 100, to: 0)
    #expect(scale.place(-1) == 100 && scale.place(0) == 50 && scale.place(1) == 0)
    #expect(scale.place(7) == 0 && scale.place(-7) == 100)
    let powers = PlotScale(1, 1000, from: 0, to: 30, logarithmic: true)
    #expect(abs(powers.place(10) - 10) < 1e-9 && powers.place(0) == 0)
  }

  @Test func anEmptyRangeIsWidened() {
    #expect(PlotScale(3, 3, from: 0, to: 1).place(3) == 0.5)
    #expect(PlotScale(3, 3, from: 0, to: 1, logarithmic: true).place(3) == 0.5)
  }

  @Test(arguments: [
    (0.0, 1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    (-0.31, 0.52, ["−0.2", "0.0", "0.2", "0.4"]),
    (0, 4321, ["0", "1,000", "2,000", "3,000", "4,000"]),
    (0.995, 1.005, ["0.996", "0.998", "1.000", "1.002", "1.004"]),
  ])
  func ticksAreRound(low: Double, high: Double, labels: [String]) {
    #expect(PlotScale(low, high, from: 0, to: 1).ticks(5).map(\.label) == labels)
  }

  @Test func countsHaveWholeTicks() {
    var scale = PlotScale(0, 2.2, from: 0, to: 1)
    scale.isWhole = true
    #expect(scale.ticks(5).map(\.label) == ["0", "1", "2"])
  }

  @Test func ticksOfLogarithmsArePowersOfTen() {
    let counts = PlotScale(1, 1536, from: 0, to: 1, logarithmic: true)
    #expect(counts.ticks(6).map(\.label) == ["1", "10", "100", "1,000"])
    let small = PlotScale(1e-5, 10, from: 0, to: 1, logarithmic: true)
    #expect(small.ticks(5).map(\.label) == ["10⁻⁵", "10⁻³", "10⁻¹", "10¹"])
  }

  @Test(arguments: [0.3, 1.0, 17, 1e-7, 2.5e9])
  func thereAreSomeTicksAndNotTooMany(range: Double) {
    let count = PlotScale(0, range, from: 0, to: 1).ticks(5).count
    #expect((3...7).contains(count), "\(count) ticks")
  }

  @Test func numbersAreWrittenForPeople() {
    #expect(ReportFormat.count(-1_234_567) == "−1,234,567" && ReportFormat.count(999) == "999")
    #expect(ReportFormat.fixed(-0.0001, 2) == "0.00" && ReportFormat.fixed(-0.126, 2) == "−0.13")
    #expect(
      ReportFormat.fixed(.nan, 2) == "–"
        && ReportFormat.fixed(1, 1, error: 0.25) == "1.0 ±\u{A0}0.2")
    #expect(ReportFormat.counted(1, "row") == "1 row" && ReportFormat.percent(0.125) == "12.5 %")
    #expect(ReportFormat.power(-12) == "10⁻¹²" && ReportFormat.place(.infinity) == "0")
  }
}
