package words

// pages are the areas of the admin pages, each in its own file pages_*.go.
var pages = []area{
	pagesFrame, pagesSite, pagesStays, pagesMoney, pagesTransfers, pagesShifts, pagesPasses, pagesConflicts, pagesReceipts, pagesLeakage,
	pagesReconciliation, pagesMessages,
}
