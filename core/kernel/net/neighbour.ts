export interface Neighbour { confirm(): void }
