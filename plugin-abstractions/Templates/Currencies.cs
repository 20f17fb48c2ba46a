using System.Collections.Frozen;

namespace IntegrationHub.Templates;

/// <summary>
/// Decimals of the currencies of ISO 4217 (list one, and two codes withdrawn so lately that providers still use them). Metals, funds without a unit and test codes are left out: they have no decimals.
/// </summary>
internal static class Currencies
{
    private const string None = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";

    private const string Two =
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK " +
        "DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL " +
        "MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD " +
        "SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ZWL";

    private const string Three = "BHD IQD JOD KWD LYD OMR TND";

    private const string Four = "CLF UYW";

    private static readonly FrozenDictionary<string, int> ByCode = new[] { (None, 0), (Two, 2), (Three, 3), (Four, 4) }
        .SelectMany(group => group.Item1.Split(' ').Select(code => KeyValuePair.Create(code, group.Item2)))
        .ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    public static bool TryGetDecimals(string code, out int decimals) => ByCode.TryGetValue(code, out decimals);
}
