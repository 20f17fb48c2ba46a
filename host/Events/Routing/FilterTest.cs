using System.Text;
using System.Text.Json;

namespace IntegrationHub.Host.Events.Routing;

/// <summary>A test of one value. Immutable; allocates nothing for plain ASCII.</summary>
internal abstract class FilterTest
{
    /// <summary>What it must be, for people: "must be …".</summary>
    public abstract string Wants { get; }

    /// <summary>Whether an array is a value to it; else its elements are tested one by one.</summary>
    public virtual bool TakesArrays => false;

    /// <exception cref="InvalidOperationException">A text has half a surrogate pair.</exception>
    public abstract bool Holds(in FieldValue value, ref FilterBudget budget);
}

internal sealed class EqualTest(FilterLiteral literal) : FilterTest
{
    public override string Wants => literal.Shown;

    public override bool Holds(in FieldValue value, ref FilterBudget budget) => literal.Equals(value);
}

internal sealed class InTest(FilterLiteral[] literals) : FilterTest
{
    public override string Wants => "one of " + string.Join(", ", literals.Take(8).Select(literal => literal.Shown)) + (literals.Length > 8 ? $" and {literals.Length - 8} more" : "");

    public override bool Holds(in FieldValue value, ref FilterBudget budget)
    {
        if (!budget.Spend(literals.Length / 4))
            return false;

        foreach (var literal in literals)
        {
            if (literal.Equals(value))
                return true;
        }

        return false;
    }
}

internal sealed class CompareTest(string sign, FilterLiteral literal) : FilterTest
{
    public override string Wants => sign switch
    {
        "gt" => "more than ",
        "gte" => "at least ",
        "lt" => "less than ",
        _ => "at most ",
    } + literal.Shown;

    public override bool Holds(in FieldValue value, ref FilterBudget budget) => literal.Compare(value) is { } order && sign switch
    {
        "gt" => order > 0,
        "gte" => order >= 0,
        "lt" => order < 0,
        _ => order <= 0,
    };
}

internal sealed class ExistsTest : FilterTest
{
    public override string Wants => "there";

    public override bool TakesArrays => true;

    public override bool Holds(in FieldValue value, ref FilterBudget budget) => true;
}

/// <summary>A text that begins, ends, or is otherwise like another.</summary>
internal sealed class TextTest(string how, FilterLiteral literal) : FilterTest
{
    public override string Wants => how switch
    {
        "prefix" => "a text that begins with ",
        "suffix" => "a text that ends with ",
        _ => "a text that is, whatever its case, ",
    } + literal.Shown;

    public override bool Holds(in FieldValue value, ref FilterBudget budget)
    {
        if (value.Kind != JsonValueKind.String)
            return false;

        if (how != "equalsIgnoreCase" && value.TryGetUtf8(out var utf8))
            return how == "prefix" ? utf8.StartsWith(literal.Utf8) : utf8.EndsWith(literal.Utf8);

        return how switch
        {
            "prefix" => value.Text.StartsWith(literal.Text, StringComparison.Ordinal),
            "suffix" => value.Text.EndsWith(literal.Text, StringComparison.Ordinal),
            _ => value.Text.Equals(literal.Text, StringComparison.OrdinalIgnoreCase),
        };
    }
}

/// <summary>A text that has another in it, or an array that has a value among its elements.</summary>
internal sealed class ContainsTest(FilterLiteral literal) : FilterTest
{
    public override string Wants => literal.Kind == JsonValueKind.String ? $"a text or a list with {literal.Shown} in it" : $"a list with {literal.Shown} in it";

    public override bool TakesArrays => true;

    public override bool Holds(in FieldValue value, ref FilterBudget budget)
    {
        if (value.Kind == JsonValueKind.Array)
        {
            if (!budget.Spend(value.Element.GetArrayLength()))
                return false;

            foreach (var element in value.Element.EnumerateArray())
            {
                if (literal.Equals(new FieldValue(element)))
                    return true;
            }

            return false;
        }

        if (value.Kind != JsonValueKind.String || literal.Kind != JsonValueKind.String || !budget.Spend(value.Size / 64))
            return false;

        return value.TryGetUtf8(out var utf8) ? utf8.IndexOf(literal.Utf8) >= 0 : value.Text.Contains(literal.Text, StringComparison.Ordinal);
    }
}

/// <summary>A text like a pattern in which each <c>*</c> stands for any characters, none included.</summary>
internal sealed class LikeTest(FilterLiteral literal) : FilterTest
{
    private readonly byte[] pattern = Encoding.UTF8.GetBytes(literal.Text);

    public override string Wants => "a text like " + literal.Shown;

    public override bool Holds(in FieldValue value, ref FilterBudget budget) => value.Kind == JsonValueKind.String
        && budget.Spend((int)Math.Min((long)value.Size * pattern.Length / 64, int.MaxValue))
        && (value.TryGetUtf8(out var utf8) ? Matches(pattern, utf8) : Matches(pattern, Encoding.UTF8.GetBytes(value.Text)));

    // On a mismatch go back to the last star and let it take one byte more; earlier stars never need a second look.
    private static bool Matches(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> text)
    {
        int p = 0, t = 0, star = -1, resume = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                resume = t;
            }
            else if (p < pattern.Length && pattern[p] == text[t])
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++resume;
            }
            else
            {
                return false;
            }
        }

        return pattern[p..].IndexOfAnyExcept((byte)'*') < 0;
    }
}
