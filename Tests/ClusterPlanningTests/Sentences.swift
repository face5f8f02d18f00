/// The goldens: what plans say, word for word. The samples are in `ExplanationTests`, in the same order.

let startSentences = ""
let runningSentences = ""
let swapSentences = ""
let waitSentences = ""
let stepSentences = ""
let deferralSentences = ""
