using System.Collections.Frozen;
using System.Text.RegularExpressions;
using IntegrationHub.Schemas;
using IntegrationHub.Templates;

namespace IntegrationHub.Manifests.Rules;

/// <summary>What the catalog filters by is written in the standard codes.</summary>
internal sealed partial class CatalogRule : IManifestRule
{
    // ISO 3166-1 alpha-2, officially assigned.
    private static readonly FrozenSet<string> Countries = (
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ " +
        "DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT " +
        "JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ " +
        "NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ " +
        "TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW").Split(' ').ToFrozenSet();

    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        var category = draft.Root["category"];
        if (category.Text is { } name && !ProviderCategories.All.Contains(name))
            findings.Error(
                category.Pointer, $"There is no category \"{name}\".",
                Nearest.To(name, ProviderCategories.All) is { } near ? $"Did you mean \"{near}\"?" : $"Known: {string.Join(", ", ProviderCategories.All)}.");

        foreach (var market in draft.Root["markets"].Items())
            if (market.Text is { } code && code != "*" && !Countries.Contains(code))
                findings.Error(market.Pointer, $"\"{code}\" is not an ISO 3166-1 alpha-2 country code.", Countries.Contains(code.ToUpperInvariant()) ? $"Write \"{code.ToUpperInvariant()}\"." : "Write two capital letters such as SA, or \"*\" for everywhere.");

        foreach (var currency in draft.Root["currencies"].Items())
            if (currency.Text is { } code && code != "*" && !(LowerCode().IsMatch(code) && Currencies.TryGetDecimals(code, out _)))
                findings.Error(currency.Pointer, $"\"{code}\" is not an ISO 4217 currency code in lower case.", Currencies.TryGetDecimals(code, out _) ? $"Write \"{code.ToLowerInvariant()}\"." : "Write three lower-case letters such as sar, or \"*\".");

        foreach (var language in draft.Root["languages"].Items())
            if (language.Text is { } tag && tag != "*" && !Language().IsMatch(tag))
                findings.Error(language.Pointer, $"\"{tag}\" is not a language tag.", "Write a BCP 47 tag such as en, ar or pt-BR.");
    }

    [GeneratedRegex(@"\A[a-z]{3}\z", RegexOptions.CultureInvariant)]
    private static partial Regex LowerCode();

    [GeneratedRegex(@"\A[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Language();
}
