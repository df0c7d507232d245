package parking

// Bounds of what one pass names.
const (
	MaxPassPlates = 200 // vehicles that share its places
	maxFollows    = 50  // passes that joined it in one charge
)

func follows(passes []string) error {
	if len(passes) > maxFollows {
		return Errorf(Invalid, "One charge names at most %d passes.", maxFollows)
	}
	for _, p := range passes {
		if err := shortText("pass", p); err != nil {
			return err
		}
	}
	return nil
}
