// A drawing with its title and what it tells. Made by the plots, put together by SpaceSection.

/// A plot as it stands on the page.
struct Figure {
  let title: String
  /// The drawing.
  let svg: String
  /// What it tells, in a sentence or two; plain text.
  let caption: String
  /// A legend beside the drawing; markup.
  var legend = ""
  /// Whether it takes the page's whole width.
  var isWide = false

  /// The markup.
  var html: String {
    """
    <figure\(isWide ? " class=\"wide\"" : "")><h3>\(HTMLText.escaped(title))</h3>\
    <div class="plot">\(svg)\(legend)</div>\
    <figcaption>\(HTMLText.escaped(caption))</figcaption></figure>

    """
  }

  /// What stands in the place of a plot that has too few rows.
  static func missing(_ title: String, why: String) -> String {
    """
    <figure class="missing"><h3>\(HTMLText.escaped(title))</h3>\
    <p>\(HTMLText.escaped(why))</p></figure>

    """
  }
}
