// In which group of the sieve each anchor of credential-anchors.ts stands, one digit each, in their order.
// Must never be written by hand: test/analysis/redaction/anchor-groups.test.ts says what belongs here when anchors change.

export const anchorGroups = [
  'ervhhheeghh5ii5eeennccccgcccqm5eegggeegeevq4444qqqqlllllllllllliitleelooorrrrrrrnbeq3rrqqrqrqknk5n5uaeaggagevmshiiiicccc',
  'p8n48jpkn5nf3bbf7vv0vvtn22412nrkkqq404444445ujj444uu4opmr8no4lmnps4u4p3pe0k51reonntqqqgeeeuqrrvq8vvspppvpvvq8ppvq8ssppvs',
  'sc888f2261jj05kdafdfkdkdfdkoaooffdaftptb9066li6cj6v66jvn60c07p73166k5556t6k669690999jva0910p93h9n8nuhhhfsmmfffdff45vgfff',
  'ffv7gnnnmm88888p8888namamm5m888888mn559jtjjmfddsmpp8df33df66mmdqfua4f6uuakkl0kikn8adafdnnmdjvvvig7llllql999m3e47777kddfm',
  'm8mofoddrmm91l3dhdddahhsnrmrga8fddddlbljj97bdd3qldd78887k6ouh3d6rm33smmmfnn8m99jlfmmq7hfpdddadahm7a83rrmee3ffkkkmo9rpbh3',
  'fu1111lllljpjadcrgggg',
].join('');
