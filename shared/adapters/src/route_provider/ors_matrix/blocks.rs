//! A matrix in blocks of a size that the service accepts.

/// The legs of one call: from each source to each destination, by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) sources: Vec<usize>,
    pub(super) destinations: Vec<usize>,
}

/// The blocks with the legs from the newcomers to all places and from the others to the newcomers. Each leg is in one
/// block, and no block has more than `most_pairs` pairs.
pub(super) fn of(places: usize, newcomers: &[usize], most_pairs: usize) -> Vec<Block> {
    let all: Vec<usize> = (0..places).collect();
    let others: Vec<usize> = (0..places).filter(|it| !newcomers.contains(it)).collect();
    let mut blocks = tiles(newcomers, &all, most_pairs);
    blocks.extend(tiles(&others, newcomers, most_pairs));
    blocks
}

fn tiles(sources: &[usize], destinations: &[usize], most_pairs: usize) -> Vec<Block> {
    if sources.is_empty() || destinations.is_empty() {
        return Vec::new();
    }
    let most_pairs = most_pairs.max(1);
    // Whole rows or columns, whichever are shorter. That needs fewer calls than squares.
    let (width, height) = if sources.len() < destinations.len() {
        let height = sources.len().min(most_pairs);
        ((most_pairs / height).max(1), height)
    } else {
        let width = destinations.len().min(most_pairs);
        (width, (most_pairs / width).max(1))
    };
    let rows = sources.chunks(height);
    rows.flat_map(|sources| {
        destinations.chunks(width).map(|destinations| Block {
            sources: sources.to_vec(),
            destinations: destinations.to_vec(),
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn a_newcomer_among_sixty_takes_two_calls() {
        let blocks = of(61, &[60], 3_500);
        let pairs: Vec<usize> = blocks
            .iter()
            .map(|block| block.sources.len() * block.destinations.len())
            .collect();
        assert_eq!(pairs, [61, 60]);
    }

    #[test]
    fn a_hundred_and_fifty_strangers_take_seven() {
        let all: Vec<usize> = (0..150).collect();
        assert_eq!(
            of(150, &all, 3_500).len(),
            7,
            "22,500 pairs are 6.4 times the limit"
        );
    }

    proptest! {
        #[test]
        fn every_leg_of_a_newcomer_is_asked_for_once(
            new in prop::collection::vec(any::<bool>(), 0..60),
            most_pairs in 0_usize..200,
        ) {
            let newcomers: Vec<usize> = (0..new.len()).filter(|it| new[*it]).collect();
            let mut asked = HashSet::new();
            for block in of(new.len(), &newcomers, most_pairs) {
                prop_assert!(block.sources.len() * block.destinations.len() <= most_pairs.max(1));
                for from in &block.sources {
                    for to in &block.destinations {
                        prop_assert!(asked.insert((*from, *to)));
                    }
                }
            }
            let due = (0..new.len()).flat_map(|from| (0..new.len()).map(move |to| (from, to)));
            let due: HashSet<_> = due.filter(|(from, to)| new[*from] || new[*to]).collect();
            prop_assert_eq!(asked, due);
        }
    }
}
