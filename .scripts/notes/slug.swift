// Turns a title into the last part of a web address: "Größe & Form" becomes "groesse-form".

import Foundation

func slug(_ title: String) -> String {
  let spelled = title.lowercased()
    .replacingOccurrences(of: "ö", with: "oe")
    .replacingOccurrences(of: "ß", with: "ss")
  let words = spelled.split { !$0.isLetter && !$0.isNumber }
  return words.joined(separator: "-")
}
