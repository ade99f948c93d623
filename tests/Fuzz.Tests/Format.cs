using FsCheck;
using FsCheck.Fluent;

namespace A3.Fuzz.Tests;

/// <summary>A kind of input: valid ones, faults to put into them, and what reads it.</summary>
/// <param name="Name">Names the test and the kept inputs.</param>
/// <param name="Valid">Inputs that are read without an error.</param>
/// <param name="Mutate">One fault more.</param>
/// <param name="Read">Reads an input; throws where it is answered with an error.</param>
internal sealed record Format(string Name, Gen<byte[]> Valid, Func<Chance, byte[], byte[]> Mutate, Action<byte[]> Read)
{
    /// <summary>Whether an exception is an answer to an input; by default those of the family <see cref="A3Exception"/> are.</summary>
    public Func<Exception, bool> Answers { get; init; } = error => error is A3Exception;

    /// <summary>Whether no input at all is refused: what is broken is passed over.</summary>
    public bool IsForgiving { get; init; }

    /// <summary>One input of this format in so many of the others', where reading takes long.</summary>
    public int Rarity { get; init; } = 1;

    /// <summary>How many bytes reading an input may allocate.</summary>
    public long Memory { get; init; } = 64L << 20;

    /// <summary>A valid input; the same number gives the same input in every process.</summary>
    public byte[] Seed(int number) => Valid.Sample(1, new Rnd((ulong)number, 11), 12)[0];

    /// <summary>A valid input with one to four faults; the same number gives the same input in every process.</summary>
    public byte[] Faulty(int number)
    {
        var chance = new Chance(number);
        var content = Seed(number);
        for (var faults = 1 + chance.Below(4); faults > 0; faults--)
        {
            content = Mutate(chance, content);
        }

        return content;
    }

    public override string ToString() => Name;
}
