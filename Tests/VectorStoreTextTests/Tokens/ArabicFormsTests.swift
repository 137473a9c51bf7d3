import Testing

@testable import VectorStoreText

@Suite struct ArabicFormsTests {
  /// Articles, particles, pronouns and endings go and come.
  @Test(arguments: [
    ("والحكومة", "حكومة"), ("للحكومة", "حكومة"), ("حكومة", "الحكومة"), ("حكومتها", "حكومت"),
    ("بالقانون", "قانون"), ("المعلمون", "معلم"), ("وكتاب", "كتاب"), ("كِتَابٌ", "كتاب"),
    ("كتـــاب", "الكتاب"),
  ])
  func formsOfAWord(word: String, form: String) {
    let forms = ArabicForms.forms(of: word)
    #expect(forms.contains(form), "\(forms)")
    #expect(!forms.contains(word) && Set(forms).count == forms.count)
  }

  /// Short words stay whole, and what is not Arabic, Persian too, has no forms.
  @Test func whatHasNoForms() {
    for word in ["من", "", "state", "2026", "گفتگو", "کتاب", "שלום"] {
      #expect(ArabicForms.forms(of: word).isEmpty, "\(word)")
    }
    #expect(!ArabicForms.forms(of: "وردة").contains("رد"))
    #expect(!ArabicForms.forms(of: "ولد").contains("لد"))
  }
}
